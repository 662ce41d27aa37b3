// Events: each that the Pusher server, a WebSocket or the event bus was given, as it happens.

import { chosenIn, choose, linkTo } from "/console/address.js";
import { asTest, testable } from "/console/as-test.js";
import { $, copy, copyButton, fill, isShown, listbox, make } from "/console/dom.js";
import { curl, duration, pretty, timeOfDay } from "/console/format.js";
import { compose } from "/console/send.js";
import { ask, on } from "/console/server.js";
import { leaveStory, showStory } from "/console/story.js";

/** Events that the page keeps, and lines that it shows. */
const KEPT = 2000;
const SHOWN = 300;
const WAYS = { pusher: "Pusher", client: "between clients", socket: "WebSocket", "from-socket": "WebSocket, from the client", fact: "event bus" };
/** The meaning of an arrival time, and what it leaves out. */
const ARRIVAL = {
  socket: "The write is when the table had it, the arrival when API Gateway took it for this connection.",
  fact: "The write is when the table had it, the arrival when EventBridge took it for your other systems.",
};
/** The same for events of channels, by the server that clients of Pusher's protocol connect to. */
const ARRIVAL_BY_SERVER = {
  gateway:
    "The write is when the table had it, the arrival when API Gateway took it for the first connection, or, without a subscriber, when the row owed it no more. To see when it is in a browser, subscribe under Act as.",
  sockudo: "The write is when the table had it, the arrival when sockudo took it. To see when it is in a browser, subscribe under Act as.",
  hosted: "The write is when the table had it, the arrival when the row owed it no more, after Pusher had taken it. To see when it is in a browser, subscribe under Act as.",
};
/** Slower than this is worth a look. */
const SLOW_MS = 1000;

/** How long after it was heard an event may be shown, since the two come on different ways. */
const APART_MS = 3000;

/** Unknown until the first answer; the events do not wait for it. */
let server;
let session;
ask("session").then(
  (known) => {
    session = known;
    ({ server } = known);
    $("export").disabled = server === "hosted";
  },
  () => {},
);

let events = [];
let held = [];
/** Events that this page received as a subscriber and has not found in the list yet. */
let heard = [];
let paused = false;
let chosen = null;
let due = false;

on("seen", (told) => {
  // A stack that was started again numbers from 1 again.
  const event = { ...told, key: `${told.number}-${Math.round(told.at)}` };
  if (paused) {
    held.push(event);
    held = held.slice(-KEPT);
  } else {
    take([event]);
  }
  count();
});

function take(more) {
  const known = new Set(events.map(({ key }) => key));
  // Newest first.
  events = [...more.filter(({ key }) => !known.has(key)).map(withHeard).toReversed(), ...events].slice(0, KEPT);
  draw();
}

/** The event with the moment when this page heard it. */
function withHeard(event) {
  const is = (one) => one.channel === event.channel && one.event === event.event && Math.abs(one.at - event.at) < APART_MS;
  const found = heard.find(is);
  heard = heard.filter((one) => one !== found);
  return found ? { ...event, heard: found.at } : event;
}

addEventListener("heard", ({ detail }) => {
  const before = events.findLast((event) => !event.heard && event.channel === detail.channel && event.event === detail.event && Math.abs(detail.at - event.at) < APART_MS);
  if (before) {
    before.heard = detail.at;
    if (before.key === chosen) {
      show(chosen);
    }
  } else {
    heard = [...heard, detail].slice(-SHOWN);
  }
});

const wanted = () => {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const way = $("way").value;
  return events.filter((event) => {
    const isOfWay = !way || event.way === way || (way === "socket" && event.way === "from-socket");
    const text = `${event.channel} ${event.event} ${event.data} ${event.requestId ?? ""}`.toLowerCase();
    return isOfWay && words.every((word) => text.includes(word));
  });
};

/** Once a frame, however many come. */
function draw() {
  if (!due) {
    due = true;
    requestAnimationFrame(() => {
      due = false;
      const list = $("event-list");
      const found = wanted();
      fill(list, ...(found.length > 0 ? found.slice(0, SHOWN).map(line) : [nothing()]));
      count(found.length);
    });
  }
}

function nothing() {
  const text = events.length > 0 ? "No event matches the filter." : "Nothing has happened yet. Send something under Act as, or from your app.";
  return make("p", { className: "empty" }, text);
}

function count(found = wanted().length) {
  const parts = [found === events.length ? `${found} events` : `${found} of ${events.length} events`];
  if (found > SHOWN) {
    parts.push(`the newest ${SHOWN} shown`);
  }
  if (paused) {
    parts.push(`paused, ${held.length} waiting`);
  }
  $("shown").textContent = parts.join(", ");
}

function line(event) {
  const { key, at, way, channel, event: name, data, ms, again } = event;
  return make(
    "div",
    { className: "line", role: "option", id: `event-${key}`, "data-key": key, "data-way": way, "aria-selected": String(chosen === key) },
    make("time", { className: "at" }, timeOfDay(at)),
    make("span", { className: "name" }, name, again && make("span", { className: "badge warn" }, "again")),
    make("span", { className: "channel" }, channel),
    make("span", { className: "data" }, data),
    make("span", { className: ms > SLOW_MS ? "ms slow" : "ms" }, ms === null ? "" : duration(ms)),
  );
}

function show(key) {
  chosen = key;
  const event = events.find((other) => other.key === chosen);
  if (!event) {
    return;
  }
  leaveStory();
  note();
  const term = (name, value) => value && [make("dt", {}, name), make("dd", {}, value)];
  const facts = [
    term("Channel", event.channel),
    term("By", WAYS[event.way]),
    term("Arrived", timeOfDay(event.at)),
    term("From write to arrival", event.ms === null ? "not known: no row owed it" : duration(event.ms)),
    event.heard && event.ms !== null && term("From write to this page", duration(Math.max(event.ms, event.heard - event.at + event.ms))),
    term("Request", event.requestId),
    term("Again", event.again && "it arrived before; a client drops it"),
  ];
  fill(
    $("event-detail"),
    make("h2", {}, event.event),
    make("dl", {}, ...facts.filter(Boolean).flat()),
    make(
      "div",
      { className: "row" },
      event.requestId && make("button", { type: "button", className: "small", onclick: () => tell(event.requestId) }, "Story of its request"),
      canBeSent(event) && make("button", { type: "button", className: "small", onclick: () => compose({ ...event, data: parsed(event.data) }) }, "Change and send"),
      canBeSent(event) && copyButton("Copy curl that sends it again", () => asCurl(event)),
      canBeSent(event) && testable([event]).length > 0 && exportButton(() => [event]),
      copyButton("Copy data", () => event.data),
    ),
    make("pre", { tabIndex: 0, "aria-label": "Data" }, pretty(event.data)),
    event.ms !== null && make("p", { className: "note" }, event.way === "pusher" ? ARRIVAL_BY_SERVER[server] : ARRIVAL[event.way]),
  );
}

/** With an app at Pusher, the stack has no route that sends any event. */
const canBeSent = ({ way }) => server !== "hosted" && (way === "pusher" || way === "client");

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** Shows the story of a request, and has it in the address. */
function tell(requestId) {
  chosen = null;
  note({ request: requestId });
  showStory(requestId);
  draw();
}

/** The users who are connected to these channels now, where the stack knows. */
async function subscribersOf(channels) {
  const found = {};
  for (const channel of channels) {
    const { connections } = await ask(`channels?${new URLSearchParams({ find: channel, channels: 0, connections: 0 })}`).catch(() => ({ connections: { shown: [] } }));
    const one = connections.shown.find(({ user, channels: heard }) => user && heard.includes(channel));
    if (one && !one.user.startsWith("guest;")) {
      found[channel] = one.user;
    }
  }
  return found;
}

async function copyTest(button, chosenEvents) {
  const some = testable(chosenEvents);
  if (some.length === 0) {
    $("export-note").textContent = "No event of a channel is shown: a test needs one.";
    return;
  }
  $("export-note").textContent = "";
  const subscribers = await subscribersOf([...new Set(some.map(({ channel }) => channel))]);
  session ??= await ask("session");
  await copy(button, asTest(some, { session, subscribers }));
}

function exportButton(chosenEvents) {
  const button = make("button", { type: "button", className: "small" }, "Copy as test");
  button.addEventListener("click", () => copyTest(button, chosenEvents()));
  return button;
}

/** The event as a request that sends it again: the mock route, which takes any event for any channel. */
function asCurl({ channel, event, data }) {
  const body = JSON.stringify({ channel, event, data: parsed(data) });
  return curl({ method: "POST", url: `${location.origin}/pusher/mock-event`, headers: { "content-type": "application/json" }, body });
}

function pause(isPaused) {
  paused = isPaused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Resume" : "Pause";
  if (!paused) {
    take(held);
    held = [];
  }
  count();
}

/** Puts the filter, and what the detail shows if it is a request's story, into the address. */
const note = ({ request } = {}) => choose("events", { filter: $("filter").value.trim(), kind: $("way").value, request }, { isShown: isShown("events") });

const filtered = () => {
  note({ request: chosenIn("events").get("request") });
  draw();
};
$("filter").addEventListener("input", filtered);
$("way").addEventListener("change", filtered);
$("share").addEventListener("click", ({ target }) => copy(target, linkTo("events", Object.fromEntries(chosenIn("events")))));
$("export").addEventListener("click", ({ target }) => copyTest(target, wanted()));

/** Shows what the address says. */
function follow() {
  const asked = chosenIn("events");
  $("filter").value = asked.get("filter") ?? "";
  $("way").value = asked.get("kind") ?? "";
  if ($("way").selectedIndex < 0) {
    $("way").value = "";
  }
  if (asked.get("request")) {
    showStory(asked.get("request"));
  }
  draw();
}
addEventListener("address", ({ detail }) => detail === "events" && follow());
$("pause").addEventListener("click", () => pause(!paused));
$("clear").addEventListener("click", () => {
  events = [];
  held = [];
  chosen = null;
  leaveStory();
  note();
  fill($("event-detail"), hint());
  draw();
});
listbox($("event-list"), show);

const hint = () => make("p", { className: "empty" }, "Choose an event to see its data.");
fill($("event-detail"), hint());
follow();
