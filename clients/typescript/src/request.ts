import { backoff } from "./backoff.js";
import { RefusedError } from "./refused.js";
import { mayPass } from "./resubscribe.js";

const TRIES = 5;
const FIRST_DELAY_MS = 500;
const TIMEOUT_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 30_000;

/** When to stop sending a request again. */
export interface Attempts {
  /** Attempts before the error is thrown; by default 5, which take some 8 s. */
  tries?: number | undefined;
  /** Ends the attempts; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Sends a request that may be repeated, until it succeeds: again after no response within 10 s, and after 408, 429 and 5xx, with growing
 * delays or after the response's `retry-after`. `make` is called for each attempt.
 *
 * @throws RefusedError when Carillon refuses, or fails at the last attempt
 */
export async function untilDone(
  make: () => Promise<[url: string, init: RequestInit]> | [url: string, init: RequestInit],
  { tries = TRIES, signal }: Attempts = {},
): Promise<Response> {
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    const isLast = tried >= tries;
    const [url, init] = await make();
    let wait = backoff(FIRST_DELAY_MS, tried);
    let response: Response | undefined;
    try {
      response = await fetchInTime(url, init, signal);
    } catch (error) {
      if (isLast || signal?.aborted) {
        throw error;
      }
    }
    if (response?.ok) {
      return response;
    }
    if (response) {
      if (isLast || !mayPass(response.status)) {
        throw await refusal(response);
      }
      wait = Math.max(wait, retryAfter(response));
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** `fetch` with a limit of 10 s. An error that names the address replaces the bare "fetch failed" of Node. */
export async function fetchInTime(url: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  // `AbortSignal.timeout` and `AbortSignal.any` are missing in React Native.
  const timeout = new AbortController();
  const late = setTimeout(() => timeout.abort(new Error(`No response from ${originOf(url)} within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  const stop = () => timeout.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await fetch(url, { ...init, signal: timeout.signal });
  } catch (error) {
    if (timeout.signal.aborted) {
      throw timeout.signal.reason;
    }
    throw new Error(`${originOf(url)} cannot be reached: check the address and the network${ofThisPage(url)}`, { cause: error });
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", stop);
  }
}

/** Milliseconds that a response asks to wait, at most 30 s. */
export function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) : 0;
}

/** The error of a response that is not 2xx, in Carillon's words. */
export async function refusal(response: Response): Promise<RefusedError> {
  const body: unknown = await response.json().catch(() => undefined);
  const message = (body as { message?: unknown } | undefined)?.message;
  const words = typeof message === "string" ? message : `Refused with status ${response.status}`;
  return new RefusedError(response.status, words, response.headers.get("x-request-id"));
}

/** A browser hides that CORS refused a request, so a page of another origin is told that it may have. */
function ofThisPage(url: string): string {
  const page = (globalThis as { location?: { origin?: string } }).location?.origin;
  const isOther = page !== undefined && page !== originOf(url);
  return isOther ? `, and whether CORS allows ${page} (AllowedOrigins, or \`cargo local --origin\`)` : "";
}

/** An address without its path and query, which may have a token. */
function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return url.split("?")[0] ?? url;
  }
}
