// A guest's page. The part between the lines is from the integration guide, word for word except for `.json()`.

import { Conversation, sending } from "/examples/chat.js";
import { connectionOf } from "/examples/connection.js";
import { stayLive } from "/examples/live.js";
import { $, CallError, call, otherSide, sayStatus, start } from "/examples/page.js";
import { showTyping } from "/examples/typing.js";
import { words } from "/examples/words.js";

const STATUS = { Unauthorized: 401, Forbidden: 403, "Bad Request": 400 };

await start(async () => {
  const { body: session } = await call("/examples/guest-chat/session");
  const parameters = new URLSearchParams(location.search);
  // A guest opens a link with their token; without one, the page is that of the demo's guest.
  const token = parameters.get("token") ?? session.guestToken;
  const hotelSlug = parameters.get("hotel") ?? session.hotel;
  const PUSHER_KEY = session.pusher.key;
  // The guide's part has the options for Pusher's own cluster.
  const Pusher = class extends globalThis.Pusher {
    constructor(key, options) {
      super(key, { ...connectionOf(session), ...options });
    }
  };
  $("other").href = otherSide("/examples/guest-chat/staff", parameters, { hotel: hotelSlug });

  // ---------------------------------------------------------------------------------------------------
  const context = await (await fetch(`/api/guest/hotel/${hotelSlug}/chat/context?token=${token}`)).json();
  // ---------------------------------------------------------------------------------------------------

  if (!context.pusher) {
    throw new CallError(STATUS[context.error] ?? 500, context.message);
  }
  $("who").textContent = words.guestIs(context.guest.name, context.booking, context.hotel);
  const base = `/api/guest/hotel/${hotelSlug}/chat`;
  const conversation = new Conversation({
    messagesUrl: (query) => `${base}/messages?${query ? `${query}&` : ""}token=${token}`,
    deleteUrl: (id) => `${base}/messages/${id}?token=${token}`,
    fileUrl: (id) => `${base}/attachments${id && `/${id}`}?token=${token}`,
    me: context.guest.id,
    markRead: (seq) => call(`${base}/read?token=${token}`, { method: "PUT", body: JSON.stringify({ seq }) }),
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

  // The guest and the hotel see each other typing on the chat's presence channel.
  const presence = pusher.subscribe(context.pusher.channel.replace("private-", "presence-"));
  const typing = showTyping(presence, { userId: context.guest.id, name: context.guest.name });
  channel.bind("realtime_event", (data) => {
    if (data.message?.author.role === "staff") {
      typing.isStill();
    }
    if (data.type === "message_deleted") {
      conversation.add(data.message);
    } else if (data.type === "messages_read" && data.reader.role === "staff") {
      conversation.seen(data.seq, "staff");
    }
  });
  stayLive(pusher, [channel], { catchUp: () => conversation.catchUp(), poll: () => conversation.poll(), say: sayStatus });
});
