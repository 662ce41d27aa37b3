// A lease's client or notary: messages, who is there, typing, requests.

import { Conversation, make, sending } from "/examples/chat.js";
import { connectionOf } from "/examples/connection.js";
import { stayLive } from "/examples/live.js";
import { $, call, complain, otherSide, sayStatus, start } from "/examples/page.js";
import { showTyping } from "/examples/typing.js";
import { words } from "/examples/words.js";

const parameters = new URLSearchParams(location.search);

await start(async () => {
  const { body: session } = await call("/examples/lease-chat/session");
  const lease = parameters.get("lease") ?? session.lease;
  const base = `/leases/${encodeURIComponent(lease)}`;
  const as = (token) => ({ Authorization: `Bearer ${token}` });

  if (lease === session.lease) {
    // The app's own back end does this once: it says whose lease this is.
    const { id: clientId, email: clientEmail } = session.client;
    const { id: notaryId, email: notaryEmail } = session.notary;
    const put = { clientId, notaryId, title: "12 rue des Lilas", clientEmail, notaryEmail };
    await call(base, { method: "PUT", headers: as(session.serviceToken), body: JSON.stringify(put) });
  }

  /** The side of the page's user: `?as=notary`, or the recipient of the e-mail whose link was opened. An app of your own has a session. */
  async function side() {
    const said = parameters.get("as");
    const id = /^#message-(\d{12})/.exec(location.hash);
    if (said || !id || lease !== session.lease) {
      return said === "notary" ? "notary" : "client";
    }
    const { body } = await call(`${base}/messages?after=${Number(id[1]) - 1}&limit=1`, { headers: as(session.client.token) });
    // The e-mail about a message goes to the other one.
    return body.messages[0]?.author.role === "client" ? "notary" : "client";
  }

  const token = parameters.get("token") ?? session[await side()].token;
  const headers = as(token);
  const { body: seat } = await call(base, { headers });
  const role = seat.me.role;
  $("who").textContent = words.leaseIs(seat.me.name, words.role[role], lease);
  $("other").href = otherSide("/examples/lease-chat", parameters, { lease, as: role === "notary" ? "client" : "notary" });
  $("mail").href = session.mail;

  const conversation = new Conversation({
    messagesUrl: (query) => `${base}/messages?${query}`,
    deleteUrl: (id) => `${base}/messages/${id}`,
    fileUrl: (id) => `${base}/attachments${id && `/${id}`}`,
    headers,
    me: seat.me.id,
    field: "content",
    markRead: (seq) => call(`${base}/read`, { method: "PUT", headers, body: JSON.stringify({ seq }) }),
  });
  await conversation.open();
  sending(() => conversation);
  // The message of an e-mail's link, which was not there yet when the page was opened.
  if (location.hash) {
    location.replace(location.hash);
  }

  // ---- Requests

  const requests = new Map();

  function takeRequests(...taken) {
    for (const request of taken) {
      const known = requests.get(request.id);
      if (!known || known.updatedAt <= request.updatedAt) {
        requests.set(request.id, request);
      }
    }
    $("no-requests").textContent = requests.size === 0 ? words.noRequests : "";
    $("requests").replaceChildren(...[...requests.values()].map(requestItem));
  }

  function requestItem(request) {
    const item = document.createElement("li");
    item.append(make("span", { className: "name", dir: "auto" }, request.title), make("span", { className: "quiet" }, words.status[request.status]));
    const isAsked = request.createdBy.id !== seat.me.id;
    const next = { pending: isAsked ? ["accepted", "refused"] : [], accepted: ["done"] }[request.status] ?? [];
    for (const status of next) {
      const button = make("button", { type: "button" }, words.become[status]);
      button.addEventListener("click", async () => {
        const options = { method: "PATCH", headers, body: JSON.stringify({ status }) };
        await call(`${base}/requests/${request.id}`, options).then(({ body }) => takeRequests(body), complain);
      });
      item.append(button);
    }
    return item;
  }

  async function readRequests() {
    const { body } = await call(`${base}/requests`, { headers });
    takeRequests(...body.requests.toReversed());
  }

  $("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const asking = { ...headers, "Idempotency-Key": crypto.randomUUID() };
    const title = $("title").value;
    $("title").value = "";
    const options = { method: "POST", headers: asking, body: JSON.stringify({ title }) };
    await call(`${base}/requests`, options).then(
      ({ body }) => {
        takeRequests(body);
        complain();
      },
      (error) => {
        $("title").value ||= title;
        complain(error);
      },
    );
  });
  // Beside the messages on a wide window, folded above them on a narrow one.
  const isWide = matchMedia("(min-width: 760px)");
  const fold = () => ($("requests-panel").open = isWide.matches);
  isWide.addEventListener("change", fold);
  fold();
  await readRequests();

  // ---- Pusher

  const pusher = new Pusher(session.pusher.key, { ...connectionOf(session), authEndpoint: "/pusher/auth", auth: { headers } });
  // For the browser's console: pusher.disconnect() and pusher.connect() are how to be away and come back.
  globalThis.pusher = pusher;
  const channel = pusher.subscribe(seat.channel);
  channel.bind("new-message", (message) => {
    conversation.add(message);
    if (message.author.id === seat.me.id) {
      hasMail ||= !channel.members.get(seat.otherId) && lease === session.lease;
      showThere();
    } else {
      isStill();
    }
  });
  channel.bind("message-deleted", ({ messageId, seq, deletedAt }) => conversation.removed(messageId, seq, deletedAt));
  channel.bind("request-updated", (request) => takeRequests(request));
  channel.bind("messages-read", ({ reader, seq }) => {
    if (reader.id !== seat.me.id) {
      conversation.seen(seq, reader.role);
    }
  });

  // Whether a message waits for the other one, who gets it by e-mail. Of another lease the page does not know the addresses.
  let hasMail = false;
  const showThere = () => {
    const other = channel.members.get(seat.otherId);
    hasMail &&= !other;
    $("there").textContent = other ? words.isHere(other.info.name) : hasMail ? words.getsMail : words.isAway;
  };
  for (const event of ["pusher:subscription_succeeded", "pusher:member_added", "pusher:member_removed"]) {
    channel.bind(event, showThere);
  }

  const { isStill } = showTyping(channel, { userId: seat.me.id, name: seat.me.name });

  stayLive(pusher, [channel], {
    catchUp: () => Promise.all([conversation.catchUp(), readRequests()]),
    poll: () => Promise.all([conversation.poll(), readRequests()]),
    say: sayStatus,
  });
});
