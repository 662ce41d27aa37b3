// Channels, heard with pusher-js as whoever was chosen.

import { $, make } from "/console/dom.js";
import { timeOfDay } from "/console/format.js";
import { me, onChange, session } from "/console/identity.js";

const LINES = 200;
const { Pusher } = globalThis;
let pusher = null;

/** A connection of its own for each person: what one hears, another may not. */
function connect() {
  pusher?.disconnect();
  $("subscriptions").replaceChildren();
  const who = me();
  const headers = { authorization: `Bearer ${who.token}` };
  const endpoint = who.hotel ? `/api/guest/hotel/${encodeURIComponent(who.hotel)}/chat/pusher/auth` : "/pusher/auth";
  pusher = new Pusher(session.pusher.key, {
    cluster: "mt1",
    wsHost: session.pusher.host,
    wsPort: session.pusher.port,
    forceTLS: false,
    enabledTransports: ["ws"],
    enableStats: false,
    channelAuthorization: { endpoint, transport: "ajax", headers },
    userAuthentication: { endpoint: "/pusher/user-auth", transport: "ajax", headers },
  });
  pusher.connection.bind("state_change", ({ current }) => log("connection", current));
  const id = who.userId;
  const names = id ? [`private-user-${id}`, `presence-room-${session.examples.bookId}`, `presence-bail-${session.examples.bailId}`, `private-hotel-${session.examples.hotelSlug}-staff`] : [];
  if (who.hotel) {
    names.push(`private-hotel-${who.hotel}-guest-chat-booking-${who.booking}`);
  }
  $("channel-names").replaceChildren(...names.map((value) => make("option", { value })));
  $("channel").value = names[0];
}

function subscribe(name) {
  if (pusher.channel(name)) {
    return;
  }
  const channel = pusher.subscribe(name);
  const leave = make("button", { type: "button", className: "chip", "aria-label": `Unsubscribe from ${name}`, "data-state": "asking" }, `${name} ✕`);
  leave.addEventListener("click", () => {
    pusher.unsubscribe(name);
    leave.parentElement.remove();
    log(name, "unsubscribed");
  });
  $("subscriptions").append(make("li", {}, leave));
  channel.bind_global((event, data) => {
    if (event === "pusher:subscription_succeeded") {
      leave.dataset.state = "subscribed";
    } else if (event === "pusher:subscription_error") {
      leave.dataset.state = "refused";
    }
    log(name, event, data);
    dispatchEvent(new CustomEvent("heard", { detail: { channel: name, event, at: Date.now() } }));
  });
}

function log(channel, event, data) {
  const text = data === undefined || data === null ? "" : typeof data === "string" ? data : JSON.stringify(data);
  const line = make("li", {}, make("time", { className: "at" }, timeOfDay(Date.now())), make("strong", {}, event), make("span", { className: "quiet" }, channel), text && make("code", {}, text));
  $("channel-log").prepend(line);
  while ($("channel-log").children.length > LINES) {
    $("channel-log").lastChild.remove();
  }
}

$("subscribe").addEventListener("submit", (event) => {
  event.preventDefault();
  if (pusher) {
    subscribe($("channel").value.trim());
  }
});
onChange(connect);
if (me()) {
  connect();
}
