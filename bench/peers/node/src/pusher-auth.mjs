import { answer, batchGet, caller, pusher } from "./clients.mjs";

export async function handler(event) {
  const person = caller(event);
  const { socket_id: socket, channel_name: channel } = JSON.parse(event.body);
  if (channel === `private-user-${person.userId}`) {
    return answer(200, pusher.authorizeChannel(socket, channel));
  }
  if (!channel.startsWith("presence-room-")) {
    return answer(403, { error: "Forbidden", message: "Not authorized to access this channel" });
  }
  const book = channel.slice("presence-room-".length);
  const rows = await batchGet([
    { pk: { S: `BOOK#${book}` }, sk: { S: "BOOK" } },
    { pk: { S: `USER#${person.userId}` }, sk: { S: "PROFILE" } },
  ]);
  const author = rows.find((row) => row.sk.S === "BOOK")?.authorId.S;
  const user_info = { ...person, isAuthor: author === person.userId };
  return answer(200, pusher.authorizeChannel(socket, channel, { user_id: person.userId, user_info }));
}
