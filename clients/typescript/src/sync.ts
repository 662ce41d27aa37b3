import type { Channel } from "pusher-js";

import { backoff } from "./backoff.js";
import type { CarillonChannel, CarillonPusher } from "./typed.js";

const EVERY_MS = 10_000;
const GRACE_MS = 5_000;
const SETTLE_MS = 3_000;
/** A read that takes longer has failed. */
const TIMEOUT_MS = 30_000;

/** How to read the state that Pusher's events would have changed. */
export interface SyncOptions {
  /**
   * Reads the state by HTTP: messages after the last known one, the list of notifications, the party. A rejected read is repeated, with
   * growing delays. Hand the signal to `fetch`.
   */
  poll: (signal: AbortSignal) => unknown;
  /** Milliseconds between two reads while Pusher cannot be reached; by default 10,000. */
  everyMs?: number | undefined;
  /** Milliseconds that an interruption may last before the first read; by default 5,000. */
  graceMs?: number | undefined;
  /**
   * Milliseconds from the subscription to a second read; by default 3,000, 0 for none. Lists are read from an index, which may not yet
   * have, at the first read, the rows that were written just before the subscription.
   */
  settleMs?: number | undefined;
  /** Called when reading at intervals begins and ends. */
  onPolling?: ((isPolling: boolean) => void) | undefined;
  /** Called with the error of a failed read. */
  onError?: ((error: unknown) => void) | undefined;
}

/**
 * Reads the state by HTTP when events may be missing: each time that the channel (without one, the connection) becomes live, once more
 * a moment later, and at intervals while it is not live. Returns a function that ends this.
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
  /** Whether a second read follows that of a live channel. */
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
      // A read that is already running may be older than the subscription.
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

/** Runs `poll` with a time limit, even if `poll` ignores its signal. */
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
