import { RefusedError } from "./refused.js";

/** Called with the reason when something does not work: a {@link RefusedError} for a refusal of Carillon's. */
export type OnError = (error: Error, channel?: string) => void;

/**
 * Calls back with each reason once, until `mended` is called or another reason comes: clients try again, and meet the same one. Without a
 * callback, the console shows it.
 */
export function problems(callback: (() => OnError | undefined) | undefined): { tell: OnError; mended(): void } {
  let last = "";
  return {
    tell(error, channel) {
      const reason = `${channel ?? ""} ${error.message}`;
      if (reason === last) {
        return;
      }
      last = reason;
      const onError = callback?.();
      if (onError) {
        onError(error, channel);
      } else {
        console.error(`Carillon: ${channel === undefined ? "" : `${channel}: `}${error.message}`);
      }
    },
    mended() {
      last = "";
    },
  };
}

/** Statuses by their reason phrases, which events have in place of a status. */
const STATUSES: Record<string, number> = { "Bad Request": 400, Unauthorized: 401, Forbidden: 403, "Not Found": 404, Conflict: 409, "Too Many Requests": 429 };

/** The error of an `error` event's data. */
export function refusalOf(data: unknown): RefusedError {
  const { error, message } = (data ?? {}) as { error?: unknown; message?: unknown };
  return new RefusedError(STATUSES[String(error)] ?? 500, typeof message === "string" ? message : "Refused without a reason");
}
