// The hotel guide's page.

import { connect } from "carillon";

declare const hotelSlug: string;
declare const token: string;
declare const context: { pusher: { channel: `private-hotel-${string}-guest-chat-booking-${string}`; event: "realtime_event" } };
declare function addMessageToChat(message: { id: string; seq: number; message?: string; createdAt: string }): void;

const { pusher } = connect({
  apiUrl: "http://localhost:3000",
  channelAuthUrl: `http://localhost:3000/api/guest/hotel/${hotelSlug}/chat/pusher/auth`,
  appKey: "key",
  cluster: "eu",
  token,
  signIn: false,
});

const channel = pusher.subscribe(context.pusher.channel);

// Listen for new messages
channel.bind("realtime_event", function (data) {
  if (data.type === "chat_message") {
    addMessageToChat(data.message); // Instant UI update
  }
});
