// The event contract of the reading rooms, from its table.

import { connect } from "carillon";

declare const userId: string;
declare const bookId: string;
declare function show(text: string | null): void;

const { pusher } = connect({ apiUrl: "http://localhost:3000", appKey: "key", cluster: "eu", token: () => "jwt" });

const room = pusher.subscribe(`presence-room-${bookId}`);
room.bind("room:user-joined", ({ userId, displayName, avatarUrl }) => {
  show(userId);
  show(displayName);
  show(avatarUrl);
});
room.bind("room:user-left", ({ userId }) => show(userId));
room.bind("room:author-joined", ({ authorId, authorName }) => show(authorId + authorName));
room.bind("pusher:subscription_succeeded", () => {
  room.members.each(({ id, info: { userId, displayName, avatarUrl, isAuthor } }) => {
    show(id + userId + displayName);
    show(isAuthor ? "author" : avatarUrl);
  });
});

const own = pusher.subscribe(`private-user-${userId}`);
own.bind("kudos:received", ({ fromUser, sessionId, bookTitle }) => show(fromUser.displayName + sessionId + bookTitle));
own.bind("notification:new", ({ type, message, data }) => show(type + message + data.notificationId));
