import type { Channel } from "pusher-js";

import { backoff } from "./backoff.js";
import type { CarillonChannel, CarillonPusher } from "./typed.js";

const EVERY_MS = 10_000;
const GRACE_MS = 5_000;
const SETTLE_MS = 3_000;
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
  /**
   * Milliseconds after which the state is read once more when the channel has come to be live; 3,000 unless given, 0 for never. The first
   * read may come before what was written just before the subscription is in the index that a list is read from.
   */
  settleMs?: number | undefined;
  /** Told when reading at intervals begins and ends. */
  onPolling?: ((isPolling: boolean) => void) | undefined;
  /** Told of a read that failed. */
  onError?: ((error: unknown) => void) | undefined;
}

/**
 * Reads the state by HTTP whenever Pusher cannot tell of it: each time that the channel (without one, the connection) comes to be live, as
 * what happened before was not heard, once more a moment later, and at intervals while it is not live. Returns a function that ends this.
 */
export function keepInSync(
  pusher: Pick<CarillonPusher, "connection">,
  channel: Pick<CarillonChannel | Channel, "subscribed" | "bind_global" | "unbind_global"> | null,
  { poll, everyMs = EVERY_MS, graceMs = GRACE_MS, settleMs = SETTLE_MS, onPolling, onError }: SyncOptions,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  let isStopped = false;
  let isDue = false;
  /** Whether the read of a channel that is live is to be followed by another. */
  let isSettling = false;
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
    const settles = isSettling && isLive();
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
    } else if (settles) {
      isSettling = false;
      later(settleMs);
    }
  }

  let wasLive = isLive();
  isSettling = wasLive && settleMs > 0;
  const look = () => {
    const live = isLive();
    if (live === wasLive) {
      return;
    }
    wasLive = live;
    if (live) {
      showPolling(false);
      isSettling = settleMs > 0;
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
