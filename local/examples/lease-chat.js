// A lease's client or notary: messages, who is there, typing, requests.

import { Conversation, call, complain, selfHosted, sending, stayCurrent } from "/examples/chat.js";

const TYPING_MS = 3000;
const $ = (id) => document.getElementById(id);
const session = await (await fetch("/examples/lease-chat/session")).json();
const parameters = new URLSearchParams(location.search);
const lease = parameters.get("lease") ?? session.lease;
const side = parameters.get("as") === "notary" ? "notary" : "client";
const token = parameters.get("token") ?? session[side].token;
const headers = { Authorization: `Bearer ${token}` };
const base = `/leases/${lease}`;
const Pusher = selfHosted(session.pusher);

if (lease === session.lease) {
  // What the app's own back end does once: it says whose lease this is.
  const { id: clientId, email: clientEmail } = session.client;
  const { id: notaryId, email: notaryEmail } = session.notary;
  const put = { clientId, notaryId, title: "12 rue des Lilas", clientEmail, notaryEmail };
  const asService = { Authorization: `Bearer ${session.serviceToken}` };
  await call(base, { method: "PUT", headers: asService, body: JSON.stringify(put) });
}

const { body: seat } = await call(base, { headers }).catch((error) => {
  complain(error);
  throw error;
});
$("who").textContent = `${seat.me.name}, ${seat.me.role} of lease ${lease}`;
$("other").href = `?lease=${encodeURIComponent(lease)}&as=${side === "notary" ? "client" : "notary"}`;
$("mail").href = session.mail;

const conversation = new Conversation({
  messagesUrl: (query) => `${base}/messages?${query}`,
  deleteUrl: (id) => `${base}/messages/${id}`,
  headers,
  me: seat.me.id,
  field: "content",
  read: (seq) => call(`${base}/read`, { method: "PUT", headers, body: JSON.stringify({ seq }) }),
});
await conversation.open();
sending(() => conversation);

// ---- Requests

const requests = new Map();

function takeRequests(...taken) {
  for (const request of taken) {
    const known = requests.get(request.id);
    if (!known || known.updatedAt <= request.updatedAt) {
      requests.set(request.id, request);
    }
  }
  $("requests").replaceChildren(...[...requests.values()].map(requestItem));
}

function requestItem(request) {
  const item = document.createElement("li");
  item.append(`${request.title} (${request.status})`);
  const isAsked = request.createdBy.id !== seat.me.id;
  const next = { pending: isAsked ? ["accepted", "refused"] : [], accepted: ["done"] }[request.status] ?? [];
  for (const status of next) {
    const button = document.createElement("button");
    button.textContent = status;
    button.addEventListener("click", async () => {
      const options = { method: "PATCH", headers, body: JSON.stringify({ status }) };
      await call(`${base}/requests/${request.id}`, options).then(({ body }) => takeRequests(body), complain);
    });
    item.append(" ", button);
  }
  return item;
}

async function showRequests() {
  const { body } = await call(`${base}/requests`, { headers });
  takeRequests(...body.requests.toReversed());
}

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asking = { ...headers, "Idempotency-Key": crypto.randomUUID() };
  const title = $("title").value;
  $("title").value = "";
  const options = { method: "POST", headers: asking, body: JSON.stringify({ title }) };
  await call(`${base}/requests`, options).then(({ body }) => {
    takeRequests(body);
    complain();
  }, (error) => {
    $("title").value ||= title;
    complain(error);
  });
});
await showRequests();

// ---- Pusher

const pusher = new Pusher(session.pusher.key, { authEndpoint: "/pusher/auth", auth: { headers } });
// For the console: pusher.disconnect() and pusher.connect() are how to be away and come back.
globalThis.pusher = pusher;
const channel = pusher.subscribe(seat.channel);
channel.bind("new-message", (message) => conversation.add(message));
channel.bind("message-deleted", ({ messageId, seq, deletedAt }) => conversation.removed(messageId, seq, deletedAt));
channel.bind("request-updated", (request) => takeRequests(request));

let seen = 0;
channel.bind("messages-read", ({ reader, seq }) => {
  if (reader.id !== seat.me.id) {
    seen = Math.max(seen, seq);
    $("seen").textContent = `Read up to message ${seen}`;
  }
});

const showThere = () => {
  const other = channel.members.get(seat.otherId);
  $("there").textContent = other ? `${other.info.name} is here` : "The other person is not here: they get an e-mail";
};
for (const event of ["pusher:subscription_succeeded", "pusher:member_added", "pusher:member_removed"]) {
  channel.bind(event, showThere);
}

let typed = 0;
$("text").addEventListener("input", () => {
  if (channel.subscribed && Date.now() - typed > TYPING_MS / 2) {
    typed = Date.now();
    channel.trigger("client-typing", { userId: seat.me.id, name: seat.me.name });
  }
});
let still = null;
channel.bind("client-typing", ({ name }) => {
  $("typing").textContent = `${name} is typing`;
  clearTimeout(still);
  still = setTimeout(() => ($("typing").textContent = ""), TYPING_MS);
});

stayCurrent(pusher, {
  catchUp: () => Promise.all([conversation.catchUp(), showRequests()]),
  poll: () => Promise.all([conversation.poll(), showRequests()]),
});
