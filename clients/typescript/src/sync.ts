import type { Channel } from "pusher-js";

import { backoff } from "./backoff.js";
import type { CarillonChannel, CarillonPusher } from "./typed.js";

const EVERY_MS = 10_000;
const GRACE_MS = 5_000;
/** A read that takes longer has failed. */
const TIMEOUT_MS = 30_000;

/** How to read what Pusher would have told. */
export interface SyncOptions {
  /**
   * Reads the state by HTTP: messages after the last one that is known, the list of notifications, the party. A rejection is tried again,
   * later each time. Hand the signal to `fetch`.
   */
  poll: (signal: AbortSignal) => unknown;
  /** Milliseconds between two reads while Pusher is gone; 10,000 unless given. */
  everyMs?: number | undefined;
  /** Milliseconds that an interruption may last before the first read; 5,000 unless given. */
  graceMs?: number | undefined;
  /** Told when reading at intervals begins and ends. */
  onPolling?: ((isPolling: boolean) => void) | undefined;
  /** Told of a read that failed. */
  onError?: ((error: unknown) => void) | undefined;
}

/**
 * Reads the state by HTTP whenever Pusher cannot tell of it: once each time that the channel (without one, the connection) comes to be
 * live, as what happened before was not heard, and at intervals while it is not live. Returns a function that ends this.
 */
export function keepInSync(
  pusher: Pick<CarillonPusher, "connection">,
  channel: Pick<CarillonChannel | Channel, "subscribed" | "bind_global" | "unbind_global"> | null,
  { poll, everyMs = EVERY_MS, graceMs = GRACE_MS, onPolling, onError }: SyncOptions,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  let isStopped = false;
  let isDue = false;
  let failures = 0;
  let isPolling = false;

  const isLive = () => pusher.connection.state === "connected" && (channel?.subscribed ?? true);
  const showPolling = (now: boolean) => {
    if (now !== isPolling) {
      isPolling = now;
      onPolling?.(now);
    }
  };
  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(read, ms);
  };

  async function read(): Promise<void> {
    if (running) {
      // What runs may have read before the channel was live.
      isDue = true;
      return;
    }
    showPolling(!isLive());
    isDue = false;
    running = new AbortController();
    try {
      await within(TIMEOUT_MS, running, poll);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!isStopped) {
        onError?.(error);
      }
    } finally {
      running = undefined;
    }
    if (isStopped) {
      return;
    }
    if (isDue) {
      later(0);
    } else if (failures > 0) {
      later(backoff(everyMs, failures, Math.max(60_000, everyMs)));
    } else if (!isLive()) {
      later(everyMs);
    }
  }

  let wasLive = isLive();
  const look = () => {
    const live = isLive();
    if (live === wasLive) {
      return;
    }
    wasLive = live;
    if (live) {
      showPolling(false);
    }
    later(live ? 0 : graceMs);
  };
  pusher.connection.bind("state_change", look);
  channel?.bind_global(look);
  later(wasLive ? 0 : graceMs);

  return () => {
    isStopped = true;
    clearTimeout(timer);
    running?.abort(new Error("No longer wanted"));
    pusher.connection.unbind("state_change", look);
    channel?.unbind_global(look);
    showPolling(false);
  };
}

/** Runs `poll`, and fails after a while also where it pays no heed to its signal. */
async function within(ms: number, controller: AbortController, poll: (signal: AbortSignal) => unknown): Promise<void> {
  const timeout = setTimeout(() => controller.abort(new Error(`No state after ${ms / 1000} s`)), ms);
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  try {
    await Promise.race([poll(controller.signal), aborted]);
  } finally {
    clearTimeout(timeout);
  }
}
