// Channels, heard with pusher-js. A subscription keeps the person who was chosen when it was made; choosing another changes who sends.

import { $, fill, make } from "/console/dom.js";
import { timeOfDay } from "/console/format.js";
import { me, onChange, session } from "/console/identity.js";
import { connectionOf } from "/examples/connection.js";
import { keepSubscribed } from "/examples/live.js";

const LINES = 200;
const { Pusher } = globalThis;

/** A connection for each listener, by id: what one hears, another may not. */
const listeners = new Map();

const idOf = (who) => who.userId ?? who.booking;

/** The connection of somebody, with their newest token. */
function listenerOf(who) {
  const id = idOf(who);
  const known = listeners.get(id);
  if (known) {
    known.who = who;
    return known;
  }
  const listener = { id, who, names: new Set() };
  const headersProvider = () => ({ authorization: `Bearer ${listener.who.token}` });
  const endpoint = who.hotel ? `/api/guest/hotel/${encodeURIComponent(who.hotel)}/chat/pusher/auth` : "/pusher/auth";
  listener.pusher = new Pusher(session.pusher.key, {
    ...connectionOf(session),
    channelAuthorization: { endpoint, transport: "ajax", headersProvider },
    userAuthentication: { endpoint: "/pusher/user-auth", transport: "ajax", headersProvider },
  });
  listener.pusher.connection.bind("state_change", ({ current }) => log(id, "connection", current));
  listeners.set(id, listener);
  return listener;
}

/** Ends one subscription; with the last one, the connection. */
function leave(listener, name) {
  listener.pusher.unsubscribe(name);
  listener.names.delete(name);
  log(listener.id, name, "unsubscribed");
  if (listener.names.size === 0) {
    listener.pusher.disconnect();
    listeners.delete(listener.id);
  }
}

function subscribe(who, name) {
  const listener = listenerOf(who);
  const { pusher, names, id } = listener;
  if (names.has(name)) {
    return;
  }
  names.add(name);
  const channel = pusher.subscribe(name);
  const label = `${name} as ${id}`;
  const chip = make("button", { type: "button", className: "chip", "aria-label": `Unsubscribe from ${label}`, "data-state": "asking" }, `${label} ✕`);
  chip.addEventListener("click", () => {
    leave(listener, name);
    chip.parentElement.remove();
  });
  $("subscriptions").append(make("li", {}, chip));
  keepSubscribed(pusher, channel, () => (chip.dataset.state = "refused"));
  channel.bind_global((event, data) => {
    if (event === "pusher:subscription_succeeded") {
      chip.dataset.state = "subscribed";
    }
    log(id, name, event, data);
    dispatchEvent(new CustomEvent("heard", { detail: { channel: name, event, at: Date.now() } }));
  });
}

function log(id, channel, event, data) {
  const text = data === undefined || data === null ? "" : typeof data === "string" ? data : JSON.stringify(data);
  const line = make("li", {}, make("time", { className: "at" }, timeOfDay(Date.now())), make("strong", {}, event), make("span", { className: "quiet" }, `${channel} as ${id}`), text && make("code", {}, text));
  $("channel-log").prepend(line);
  while ($("channel-log").children.length > LINES) {
    $("channel-log").lastChild.remove();
  }
}

/** Names of channels that somebody is likely to listen on. */
function suggest(who) {
  const id = who.userId;
  const names = id ? [`private-user-${id}`, `presence-room-${session.examples.bookId}`, `presence-bail-${session.examples.bailId}`, `private-hotel-${session.examples.hotelSlug}-staff`] : [];
  if (who.hotel) {
    names.push(`private-hotel-${who.hotel}-guest-chat-booking-${who.booking}`);
  }
  fill($("channel-names"), ...names.map((value) => make("option", { value })));
  $("channel").value = names[0];
  $("listen-as").textContent = `as ${idOf(who)}`;
  // A listener of this id that was there before goes on with the token of now.
  if (listeners.has(idOf(who))) {
    listenerOf(who);
  }
}

$("subscribe").addEventListener("submit", (event) => {
  event.preventDefault();
  if (me()) {
    subscribe(me(), $("channel").value.trim());
  }
});
onChange(suggest);
if (me()) {
  suggest(me());
}
