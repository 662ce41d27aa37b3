// Delivery: events that have not arrived, and the reasons.

import { $, fill, isShown, make } from "/console/dom.js";
import { distance, timeOfDay } from "/console/format.js";
import { letter } from "/console/letters.js";
import { ask, on, repeatedly } from "/console/server.js";
import { showSwitches } from "/console/switches.js";

const EVERY_MS = 1000;

const refresh = repeatedly(EVERY_MS, () => isShown("delivery"), async () => {
  try {
    const found = await ask("delivery");
    list("owed", found.owed.map(owed), "Nothing is owed.");
    list("waiting", found.waiting.map(waits), "Nothing waits.");
    list("dead", found.dead.map((dead) => letter(dead, refresh)), "Nothing was given up.");
    showSwitches(found, refresh);
    $("delivery-complaint").textContent = "";
  } catch (error) {
    $("delivery-complaint").textContent = error.message;
  }
});
refresh();

const drawn = {};

/** Replaces the list's entries where one has changed: a button that has the focus keeps it. */
function list(name, cards, nothing) {
  $(`${name}-count`).textContent = cards.length;
  const text = cards.map((card) => card.dataset.is).join("\n");
  if (drawn[name] !== text || cards.length === 0) {
    drawn[name] = text;
    fill($(name), ...(cards.length > 0 ? cards : [make("li", { className: "empty" }, nothing)]));
  }
}

const row = ({ pk, sk }) => `${pk} / ${sk}`;

/** A delivery, or a message, with the row that it is about last. */
function card(is, key, ...lines) {
  const shown = lines.filter(Boolean).map((line) => make("p", {}, line));
  return make("li", { className: "card", "data-is": is }, ...shown, make("p", { className: "row-key" }, row(key)));
}

function owed({ id, what, at, row: key, tried, queued, tries, due, reason, notBefore, requestId }) {
  const state = queued ? `waits in the retry queue, ${tries} ${tries === 1 ? "try" : "tries"} so far` : tried ? "tried, not delivered" : "not tried by the consumer yet";
  const when = notBefore && notBefore > Date.now() ? `, not before ${timeOfDay(notBefore)}` : "";
  const next = queued && due ? `, next ${distance(due - Date.now() / 1000)}` : "";
  const since = `since ${timeOfDay(at)}: ${state}${next}${when}`;
  return card(`${id} ${since} ${reason}`, key, make("strong", {}, what), since, reason && `because: ${reason}`, requestId && make("a", { href: `#events?request=${encodeURIComponent(requestId)}` }, "Story of its request"));
}

function waits({ id, row: key, due, tries }) {
  const next = distance(due - Date.now() / 1000);
  const so = `${tries} ${tries === 1 ? "try" : "tries"} so far, next ${next}`;
  return card(`${id} ${so}`, key, so);
}

// On the tab: so much is owed, whichever panel is shown.
on("second", ({ owed: count }) => {
  $("undelivered").textContent = count;
  $("undelivered").hidden = count === 0;
  $("undelivered").setAttribute("aria-label", `${count} owed`);
});
