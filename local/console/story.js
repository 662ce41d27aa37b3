// The story of one request: its answer, what it wrote, each attempt to deliver, each wait for a retry, each arrival.

import { linkTo } from "/console/address.js";
import { $, copyButton, fill, isShown, make } from "/console/dom.js";
import { duration, timeOfDay } from "/console/format.js";
import { ask, repeatedly } from "/console/server.js";

const EVERY_MS = 1000;
/** A story in which this long nothing has happened, and in which no delivery is owed, is at its end. */
const QUIET_MS = 20_000;
const KINDS = { request: "request", answer: "answer", write: "write", attempt: "attempt", retry: "retry", arrival: "arrival", done: "done" };

let shown = null;
let drawn = "";
let isOver = false;

/** Shows a request's story in the detail of the events, and follows it, until something else is shown there. */
export function showStory(id) {
  shown = id;
  drawn = "";
  isOver = false;
  fill($("event-detail"), ...head(id), make("p", { className: "empty" }, "Looking for it…"));
  refresh();
}

/** The detail shows something else now. */
export const leaveStory = () => (shown = null);

const refresh = repeatedly(EVERY_MS, () => shown !== null && !isOver && isShown("events"), async () => {
  const id = shown;
  try {
    const story = await ask(`requests/${encodeURIComponent(id)}`);
    if (shown === id) {
      isOver = story.owed === 0 && story.steps.length > 0 && Date.now() - story.steps.at(-1).at > QUIET_MS;
      draw(id, story);
    }
  } catch (error) {
    if (shown === id) {
      drawn = "";
      fill($("event-detail"), ...head(id), make("p", { className: "complaint", role: "alert" }, error.message));
    }
  }
});

const head = (id) => [
  make("h2", {}, "Story of a request"),
  make("p", { className: "row" }, make("code", {}, id), copyButton("Copy link", () => linkTo("events", { request: id }))),
];

function draw(id, { steps, owed }) {
  const text = JSON.stringify([steps, owed]);
  if (text === drawn) {
    return;
  }
  drawn = text;
  const [first] = steps;
  const state = owed > 0 ? `${owed} of its deliveries ${owed === 1 ? "is" : "are"} still owed.` : "All that it owed is delivered or ended.";
  const nothing = "No function wrote about it and no row owed anything for it. It may be of a stack before this one, or just be on its way.";
  fill(
    $("event-detail"),
    ...head(id),
    make("p", { className: "note", role: "status" }, steps.length > 0 ? state : nothing),
    make("ol", { className: "story", "aria-label": "Steps" }, ...steps.map((step) => line(step, first.at))),
    make("p", { className: "note" }, "The same as log lines: ", make("code", {}, `cargo local logs --request ${id}`)),
  );
}

function line({ at, kind, what, detail, bad }, begun) {
  return make(
    "li",
    { "data-kind": kind, "data-bad": bad ? "true" : null },
    make("span", { className: "after", title: timeOfDay(at) }, at === begun ? timeOfDay(at) : `+${duration(at - begun)}`),
    make("span", { className: "badge" }, KINDS[kind] ?? kind),
    make("strong", {}, what),
    detail && make("span", { className: "quiet" }, detail),
  );
}
