// Inbox: the pushes and e-mails that would have gone out.

import { $, fill, isShown, listbox, make } from "/console/dom.js";
import { timeOfDay } from "/console/format.js";
import { ask, repeatedly } from "/console/server.js";

const EVERY_MS = 2000;
let entries = [];
let chosen = null;
let drawn = null;

repeatedly(EVERY_MS, () => isShown("inbox"), async () => {
  try {
    const found = await ask("inbox");
    ({ entries } = found);
    draw(found.showsPushes);
  } catch (error) {
    fill($("inbox-list"), make("p", { className: "complaint", role: "alert" }, error.message));
    drawn = null;
  }
})();

function draw(showsPushes) {
  const text = JSON.stringify([showsPushes, entries.map(({ id }) => id)]);
  if (text === drawn) {
    return;
  }
  drawn = text;
  const nothing = entries.length === 0 && note("Nothing was pushed or mailed yet. A push goes to a registered device whose user is not connected, an e-mail to somebody who is not in a lease's chat.");
  const elsewhere = !showsPushes && note("Pushes are not shown here: this stack sends them through a Firebase project.");
  fill($("inbox-list"), elsewhere, nothing, ...entries.map(line));
}

const note = (text) => make("p", { className: "empty" }, text);

function line({ id, kind, at, to, title, text }, index) {
  return make(
    "div",
    { className: "line letter-line", role: "option", id: `entry-${index}`, "data-key": id, "aria-selected": String(chosen === id) },
    make("time", { className: "at" }, timeOfDay(at)),
    make("span", { className: `badge ${kind}` }, kind === "mail" ? "e-mail" : "push"),
    make("span", { className: "name" }, title),
    make("span", { className: "channel" }, to.join(", ")),
    make("span", { className: "data" }, text),
  );
}

function show(key) {
  chosen = key;
  const entry = entries.find(({ id }) => id === key);
  if (entry) {
    fill($("inbox-detail"), ...(entry.kind === "mail" ? mail(entry) : push(entry)));
  }
}

function mail({ id, from, to, title, text, html, at }) {
  const head = make("dl", {}, make("dt", {}, "From"), make("dd", {}, from), make("dt", {}, "To"), make("dd", {}, to.join(", ")), make("dt", {}, "Sent"), make("dd", {}, timeOfDay(at)));
  // It is served with a policy of its own that runs and loads nothing; the frame has no origin besides.
  const frame = html && make("iframe", { title: "The e-mail", sandbox: "", src: `/console/inbox/mails/${encodeURIComponent(id)}` });
  const plain = make("details", { open: !html }, make("summary", {}, "As text"), make("pre", { tabIndex: 0 }, text));
  return [make("h2", {}, title), head, frame, plain];
}

function push({ to, device, title, text, high, data, at }) {
  return [
    make("div", { className: "phone", role: "img", "aria-label": `Push: ${title}. ${text}` }, make("img", { src: "/console/icon.svg", alt: "", width: 28, height: 28 }), make("div", {}, make("strong", {}, title), make("p", {}, text)), make("time", {}, timeOfDay(at).slice(0, 5))),
    make("dl", {}, make("dt", {}, "To"), make("dd", {}, to.join(", ")), make("dt", {}, "Device"), make("dd", {}, device), make("dt", {}, "Priority"), make("dd", {}, high ? "high" : "normal")),
    make("h3", {}, "Data"),
    make("pre", { tabIndex: 0 }, JSON.stringify(data, null, 2)),
  ];
}

listbox($("inbox-list"), show);
fill($("inbox-detail"), make("p", { className: "empty" }, "Choose a message to read it."));
