// The console's own server: asking it, and hearing what happens.

/** The server's response. Throws the server's message for an error. */
export async function ask(path, { method = "GET", json } = {}) {
  const answer = await fetch(`/console/${path}`, {
    method,
    headers: json === undefined ? {} : { "content-type": "application/json" },
    body: json === undefined ? undefined : JSON.stringify(json),
  });
  const text = await answer.text();
  if (answer.ok) {
    return JSON.parse(text);
  }
  throw new Error(sentenceIn(text) ?? `The stack answered ${answer.status}`);
}

function sentenceIn(text) {
  try {
    return JSON.parse(text).message;
  } catch {
    return text || undefined;
  }
}

const hearers = { seen: [], second: [], seconds: [], live: [] };

/** Has `hear` told of what happens: `seen` events, each `second`, all `seconds` at the beginning, and whether the stream is `live`. */
export const on = (name, hear) => hearers[name].push(hear);
const tell = (name, value) => hearers[name].forEach((hear) => hear(value));

/** Begins to listen; the browser connects again by itself. */
export function listen() {
  const source = new EventSource("/console/events");
  for (const name of ["seen", "second", "seconds"]) {
    source.addEventListener(name, ({ data, lastEventId }) => tell(name, { ...wrapped(JSON.parse(data)), number: Number(lastEventId) }));
  }
  source.addEventListener("open", () => tell("live", true));
  source.addEventListener("error", () => tell("live", false));
}

const wrapped = (value) => (Array.isArray(value) ? { list: value } : value);

/**
 * Does something now and then while `isWanted`, and at once when the page comes back to it. Returns how to do it now: a call while it is being
 * done has it done once more.
 */
export function repeatedly(every, isWanted, act) {
  let running = null;
  let isDue = false;
  const may = () => !document.hidden && isWanted();
  const run = async () => {
    try {
      do {
        isDue = false;
        await act();
      } while (isDue && may());
    } finally {
      running = null;
    }
  };
  const now = async () => {
    if (may()) {
      isDue = true;
      running ??= run();
      await running;
    }
  };
  setInterval(() => running ?? now(), every);
  addEventListener("panel", now);
  document.addEventListener("visibilitychange", now);
  return now;
}
