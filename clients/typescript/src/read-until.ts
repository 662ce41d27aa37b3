import { backoff } from "./backoff.js";

const FIRST_DELAY_MS = 250;
const TRIES = 7;

/** When to stop reading. */
export interface ReadUntilOptions {
  /** Stops reading; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Maximum number of reads; by default 7, which take up to 16 s. */
  tries?: number | undefined;
}

/**
 * Reads a list until it is at least as new as the event that caused the read. An index of DynamoDB may be a moment behind the event,
 * and a read may fail.
 *
 * ```ts
 * const { chats } = await readUntil(
 *   () => readInbox(),
 *   ({ chats }) => chats.some((chat) => chat.bookingId === event.bookingId && chat.lastMessage.seq >= event.message.seq),
 * );
 * ```
 *
 * Resolves to the last read, even if it is not new enough; rejects when the last one failed.
 */
export async function readUntil<Value>(
  read: () => Promise<Value>,
  isNewEnough: (value: Value) => boolean,
  { signal, tries = TRIES }: ReadUntilOptions = {},
): Promise<Value> {
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    try {
      const value = await read();
      if (tried >= tries || isNewEnough(value)) {
        return value;
      }
    } catch (error) {
      if (tried >= tries) {
        throw error;
      }
    }
    await pause(backoff(FIRST_DELAY_MS, tried), signal);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done() {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
