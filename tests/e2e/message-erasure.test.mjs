// An erased account's direct messages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expecting } from "./support/api.mjs";
import { person, service } from "./support/people.mjs";
import { connectIo } from "./support/sockets.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { until } from "./support/wait.mjs";

test("direct messages of an erased account lose their text, keep their numbers, and connected users get an event", async (t) => {
  const [ada, grace] = [person("Ada"), person("Grace")];
  const [atAda, atGrace] = [connectIo(t, "ws", ada), connectIo(t, "ws", grace)];
  await until("both", () => atAda.socket.connected && atGrace.socket.connected);
  const secret = `meet me at ${crypto.randomUUID()}`;
  await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: secret });
  await atGrace.next("message:new");
  assert.ok((await itemsMentioning(secret)) > 0);

  await expecting(200, "DELETE", `/conversations/authors/${ada.userId}`, { as: service() });
  const deleted = await atGrace.next("message:deleted");
  assert.deepEqual([deleted.userId, deleted.seq], [ada.userId, 1]);
  assert.equal(await itemsMentioning(secret), 0);
  const { messages } = await expecting(200, "GET", `/messages/${ada.userId}?after=0`, { as: grace });
  assert.deepEqual(messages.map(({ seq, senderId, content }) => [seq, senderId, content]), [[1, null, null]]);
});
