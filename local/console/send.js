// Send: any event to any channel, with a form of what docs/asyncapi.yaml says about it.

import { addressOf, choose, chosenIn } from "/console/address.js";
import { $, copyButton, fill, isShown, make } from "/console/dom.js";
import { channelsOfContract } from "/console/events-contract.js";
import { fieldsOf } from "/console/fields.js";
import { curl, duration } from "/console/format.js";
import { faultsIn } from "/console/schema.js";
import { ask } from "/console/server.js";

const OTHER = "";

let contract = null;
let session = null;
let form = null;

/** A channel's name: its parameters are the demo's. */
function filled(address) {
  const { people, examples, guest } = session;
  const ids = { userId: people[0].userId, bookId: examples.bookId, bailId: examples.bailId, hotelSlug: examples.hotelSlug, bookingId: guest.booking };
  return address.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? `some-${name.replace(/Id$/, "").toLowerCase()}`);
}

/** The documented channel that a name belongs to: the one with the longest fixed text. */
function channelOf(name) {
  const fits = ({ address }) => new RegExp(`^${address.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, ".+?")}$`).test(name);
  const fixed = ({ address }) => address.replace(/\{\w+\}/g, "").length;
  return contract.channels.filter(fits).toSorted((one, other) => fixed(other) - fixed(one))[0];
}

const eventNow = () => channelOf($("send-channel").value.trim())?.events.find(({ name }) => name === $("send-event").value);
const nameNow = () => ($("send-event").value === OTHER ? $("send-name").value.trim() : $("send-event").value);

function dataNow() {
  try {
    return { data: JSON.parse($("send-data").value) };
  } catch (error) {
    return { fault: `The data is no JSON: ${error.message}` };
  }
}

/** Lists the events of the channel, and chooses `wanted` if the channel has it. */
function drawEvents(wanted) {
  const known = channelOf($("send-channel").value.trim());
  const options = (known?.events ?? []).map(({ name, title }) => make("option", { value: name }, `${name}: ${title}`));
  fill($("send-event"), ...options, make("option", { value: OTHER }, "another event"));
  const isKnown = known?.events.some(({ name }) => name === wanted);
  $("send-event").value = wanted !== undefined && !isKnown ? OTHER : isKnown ? wanted : (known?.events[0]?.name ?? OTHER);
  $("send-about").textContent = known ? known.title : "No channel of docs/asyncapi.yaml has such a name: your app's own.";
}

function drawFields(data) {
  const event = eventNow();
  $("send-name").parentElement.hidden = Boolean(event);
  $("send-name").required = !event;
  $("send-says").textContent = event?.description ?? "";
  $("send-data").value = JSON.stringify(data ?? event?.sample ?? {}, null, 2);
  form = event && fieldsOf(event.schema, data ?? event.sample, { resolve: contract.resolve, changed: fromFields });
  fill($("send-fields"), form?.element);
  check();
}

function fromFields() {
  $("send-data").value = JSON.stringify(form.read(), null, 2);
  check();
}

/** Says what the contract does not allow. It may be sent all the same: a client should cope. */
function check() {
  const { data, fault } = dataNow();
  const event = eventNow();
  const faults = fault ? [fault] : event ? faultsIn(event.schema, data, contract.resolve) : [];
  $("send-faults").textContent = fault ?? (faults.length > 0 ? `Not as docs/asyncapi.yaml has it: ${faults.join("; ")}.` : "");
  $("send-now").disabled = Boolean(fault);
  note();
}

const note = () => choose("send", { channel: $("send-channel").value.trim(), event: nameNow() }, { isShown: isShown("send") });

function requestNow() {
  const body = JSON.stringify({ channel: $("send-channel").value.trim(), event: nameNow(), data: dataNow().data });
  return { method: "POST", url: `${location.origin}/pusher/mock-event`, headers: { "content-type": "application/json" }, body };
}

async function send() {
  const { method, url, headers, body } = requestNow();
  const begun = performance.now();
  try {
    const answer = await fetch(url, { method, headers, body });
    const { message } = await answer.json();
    const id = answer.headers.get("x-request-id");
    fill(
      $("send-answer"),
      make("p", { className: "row" }, make("span", { className: `badge ${answer.ok ? "good" : "bad"}` }, `${answer.status} ${answer.statusText}`.trim()), make("span", { className: "quiet" }, duration(performance.now() - begun))),
      make("p", {}, answer.ok ? "The server of the channels took it. Subscribers have it; without one, nobody hears it." : message),
      id && make("p", {}, make("a", { href: `#events?request=${encodeURIComponent(id)}` }, "What happened")),
    );
  } catch (error) {
    fill($("send-answer"), make("p", { className: "complaint" }, `No answer: ${error.message}`));
  }
}

/** Opens the panel with this event in it. */
export async function compose({ channel, event, data }) {
  await begun;
  $("send-channel").value = channel;
  drawEvents(event);
  $("send-name").value = event;
  drawFields(data);
  location.hash = addressOf("send");
}

/** Channels that have subscribers, and those of the contract. */
async function suggest() {
  const documented = contract.channels.map(({ address, title }) => make("option", { value: filled(address) }, title));
  const live = await ask("channels?channels=0&connections=0").then(
    ({ channels }) => channels.shown.map(({ name }) => make("option", { value: name }, "has subscribers")),
    () => [],
  );
  fill($("send-channels"), ...live, ...documented);
}

/** Shows the event that the address names, with its example. */
function follow() {
  const [channel, event] = ["channel", "event"].map((name) => chosenIn("send").get(name));
  $("send-channel").value = channel ?? filled(contract.channels[0].address);
  drawEvents(event ?? undefined);
  $("send-name").value = event ?? "";
  drawFields();
}

/** Whether the form is already what the address says. */
const isAsked = () => {
  const asked = chosenIn("send");
  return (asked.get("channel") ?? "") === $("send-channel").value.trim() && (asked.get("event") ?? nameNow()) === nameNow();
};

async function begin() {
  [contract, session] = await Promise.all([channelsOfContract(), ask("session")]);
  $("send-nothing").hidden = session.server !== "hosted";
  $("send-form").hidden = session.server === "hosted";
  await suggest();
  follow();
  $("send-copy").append(copyButton("Copy curl", () => curl(requestNow())));
  $("send-ready").disabled = false;
}

$("send-channel").addEventListener("input", () => {
  const before = $("send-event").value;
  drawEvents(before === OTHER ? undefined : before);
  if ($("send-event").value !== before) {
    drawFields();
  }
  note();
});
$("send-event").addEventListener("change", () => drawFields());
$("send-name").addEventListener("input", note);
$("send-channel").addEventListener("focus", suggest);
$("send-data").addEventListener("input", () => {
  const { data } = dataNow();
  const event = eventNow();
  if (event && data !== undefined) {
    form = fieldsOf(event.schema, data, { resolve: contract.resolve, changed: fromFields });
    fill($("send-fields"), form.element);
  }
  check();
});
$("send-form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

addEventListener("address", ({ detail }) => detail === "send" && contract && !isAsked() && follow());

const begun = begin().catch((error) => ($("send-faults").textContent = error.message));
