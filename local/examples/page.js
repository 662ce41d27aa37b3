// Shared by the pages: calls, the explanation of a failed one, and links to the other side.

import { mayPass } from "/examples/live.js";
import { words } from "/examples/words.js";

export const $ = (id) => document.getElementById(id);

/** A call that failed: its status, 0 without a response, and the response's own words. */
export class CallError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** API Gateway answers within 30 seconds. */
const CALL_MS = 35_000;

/** A call; fails with the response's own words. `body` is null where nothing has changed (304). */
export async function call(url, { headers, ...options } = {}) {
  const signal = AbortSignal.timeout(CALL_MS);
  const response = await fetch(url, { signal, ...options, headers: { "Content-Type": "application/json", ...headers } }).catch((error) => {
    throw new CallError(0, error.message);
  });
  if (response.status === 304) {
    return { etag: response.headers.get("etag"), body: null };
  }
  const text = await response.text();
  const body = parsed(text);
  if (!response.ok || body === undefined) {
    throw new CallError(response.status, body?.message ?? (text.slice(0, 200) || response.statusText));
  }
  return { etag: response.headers.get("etag"), body };
}

/** The JSON in a text; undefined for other text, such as a proxy's error page. */
function parsed(text) {
  try {
    return JSON.parse(text || "null");
  } catch {
    return undefined;
  }
}

/** Shows what the user's own act failed with; without an error, that it did not. */
export const complain = (error) => ($("alert").textContent = error?.message ?? "");

/** Runs the page; shows why and what to do when it cannot begin. `explain(error)` gives title and text of a failure that the page knows. */
export async function start(main, explain = () => undefined) {
  try {
    await main();
    document.body.dataset.state = "ready";
    // Only what is shown can be scrolled to: the message that the address names, or the newest one.
    (document.querySelector(":target") ?? $("messages").lastElementChild)?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    console.error(error);
    const [title, text] = explain(error) ?? words.failed[error.status] ?? words.failed.passing;
    $("failure-title").textContent = title;
    $("failure-text").textContent = text;
    $("again").hidden = !mayPass(error.status);
    $("again").addEventListener("click", () => location.reload());
    complain(error);
    document.body.dataset.state = "failed";
  }
}

/** The other side's address: with the same hotel or lease, the other side's token where it is known, and the way back. */
export function otherSide(path, parameters, kept) {
  const other = new URLSearchParams(kept);
  const [token, othersToken, lang] = ["token", "other", "lang"].map((name) => parameters.get(name));
  for (const [name, value] of Object.entries({ token: othersToken, other: token, lang })) {
    if (value) {
      other.set(name, value);
    }
  }
  return `${path}?${other}`;
}

/** Shows how the page hears of news. */
export function sayStatus(state, error) {
  $("status").dataset.state = error ? "polling" : state;
  $("status").textContent = error ? words.behind(error.message ?? error.error) : words[state];
}
