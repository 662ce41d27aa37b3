// The hotel's side: an inbox that hears of every chat, and the chat that is open.

import { Conversation, call, complain, selfHosted, sending, stayCurrent } from "/examples/chat.js";

const session = await (await fetch("/examples/guest-chat/session")).json();
const parameters = new URLSearchParams(location.search);
const hotel = parameters.get("hotel") ?? session.hotel;
const staff = { id: parameters.get("staff") ?? session.staff.id, token: parameters.get("token") ?? session.staff.token };
const headers = { Authorization: `Bearer ${staff.token}` };
const base = `/hotels/${hotel}/chats`;
const Pusher = selfHosted(session.pusher);

document.getElementById("who").textContent = `${staff.id}, at ${hotel}`;

let open = null;

function conversationOf(booking) {
  const conversation = new Conversation({
    messagesUrl: (query) => `${base}/${booking}/messages?${query}`,
    deleteUrl: (id) => `${base}/${booking}/messages/${id}`,
    headers,
    me: staff.id,
    read: async (seq) => {
      await call(`${base}/${booking}/read`, { method: "PUT", headers, body: JSON.stringify({ seq }) });
      await showInbox();
    },
  });
  return { booking, conversation };
}

async function choose(booking) {
  open = conversationOf(booking);
  document.getElementById("booking").textContent = `Booking ${booking}`;
  document.getElementById("seen").textContent = "";
  await open.conversation.open();
}

let asked = 0;

async function showInbox() {
  const turn = (asked += 1);
  const { body } = await call(base, { headers });
  // Answers may come in another order than they were asked for.
  if (turn !== asked) {
    return;
  }
  const items = body.chats.map(({ bookingId, guestName, lastMessage, unreadCount }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.textContent = `${guestName ?? "Guest"}, ${bookingId} (${unreadCount} unread)`;
    button.addEventListener("click", () => choose(bookingId).catch(complain));
    item.append(button, ` ${lastMessage.preview ?? "(deleted)"}`);
    return item;
  });
  document.getElementById("inbox").replaceChildren(...items);
}

sending(() => {
  if (!open) {
    throw new Error("Choose a chat first");
  }
  return open.conversation;
});
await showInbox();

const pusher = new Pusher(session.pusher.key, { authEndpoint: "/pusher/auth", auth: { headers } });
const channel = pusher.subscribe(`private-hotel-${hotel}-staff`);
channel.bind("realtime_event", (data) => {
  if (data.bookingId === open?.booking) {
    if (data.type === "messages_read" && data.reader.role === "guest") {
      document.getElementById("seen").textContent = `The guest has read up to message ${data.seq}`;
    } else if (data.message) {
      open.conversation.add(data.message);
    }
  }
  showInbox().catch(complain);
});
stayCurrent(pusher, {
  catchUp: async () => {
    await showInbox();
    await open?.conversation.catchUp();
  },
  poll: async () => {
    await showInbox();
    await open?.conversation.poll();
  },
});
