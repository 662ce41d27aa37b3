// A guest's page. What is between the lines is the integration guide's, word for word but for `.json()`.

import { Conversation, call, selfHosted, sending, stayCurrent } from "/examples/chat.js";

const session = await (await fetch("/examples/guest-chat/session")).json();
// A guest opens a link with their token; without one, the page is that of the demo's guest.
const token = new URLSearchParams(location.search).get("token") ?? session.guestToken;
const hotelSlug = new URLSearchParams(location.search).get("hotel") ?? session.hotel;
const PUSHER_KEY = session.pusher.key;
const Pusher = selfHosted(session.pusher);

// ---------------------------------------------------------------------------------------------------
const context = await (await fetch(`/api/guest/hotel/${hotelSlug}/chat/context?token=${token}`)).json();
// ---------------------------------------------------------------------------------------------------

if (!context.pusher) {
  document.getElementById("alert").textContent = context.message;
  throw new Error("The link is not a guest's");
}
document.getElementById("who").textContent = `${context.guest.name}, booking ${context.booking} at ${context.hotel}`;
const base = `/api/guest/hotel/${hotelSlug}/chat`;
const conversation = new Conversation({
  messagesUrl: (query) => `${base}/messages?${query ? `${query}&` : ""}token=${token}`,
  deleteUrl: (id) => `${base}/messages/${id}?token=${token}`,
  me: context.guest.id,
  read: (seq) => call(`${base}/read?token=${token}`, { method: "PUT", body: JSON.stringify({ seq }) }),
});
const addMessageToChat = (message) => conversation.add(message);
await conversation.open();
sending(() => conversation);

// ---------------------------------------------------------------------------------------------------
const pusher = new Pusher(PUSHER_KEY, { 
  encrypted: true,
  // CRITICAL: Pusher auth endpoint for private channels
  authEndpoint: `/api/guest/hotel/${hotelSlug}/chat/pusher/auth?token=${token}`,
  auth: {
    headers: {
      'Authorization': `Bearer ${token}`
    }
  }
});

const channel = pusher.subscribe(context.pusher.channel);

// Listen for new messages
channel.bind('realtime_event', function(data) {
  if (data.type === 'chat_message') {
    addMessageToChat(data.message); // Instant UI update
  }
});
// ---------------------------------------------------------------------------------------------------

let seen = 0;
channel.bind("realtime_event", (data) => {
  if (data.type === "message_deleted") {
    conversation.add(data.message);
  }
  if (data.type === "messages_read" && data.reader.role === "staff") {
    seen = Math.max(seen, data.seq);
    document.getElementById("seen").textContent = `The hotel has read up to message ${seen}`;
  }
});
stayCurrent(pusher, { catchUp: () => conversation.catchUp(), poll: () => conversation.poll() });
