// Missed webhooks are made up for from Pusher's own list.

import assert from "node:assert/strict";
import { test } from "node:test";

import { invoke } from "./support/functions.mjs";
import { listen } from "./support/listener.mjs";
import { person } from "./support/people.mjs";
import { killPusher, noPusherServer, startPusher } from "./support/processes.mjs";
import { roomWithWitness } from "./support/room.mjs";
import { agePresence } from "./support/table.mjs";

test("a departure that Pusher never told is found out", { skip: noPusherServer }, async (t) => {
  const { bookId, channel, listener } = await roomWithWitness(t);
  const ada = person("Ada");
  const client = await listen(t, ada);
  await client.subscribe(channel);
  await listener.next("room:user-joined", { userId: ada.userId });

  // Ada leaves while the server is down, so it has no departure to tell of.
  await killPusher(t);
  client.close();
  await startPusher();
  await listener.reconnect();

  // Pusher's list does not count against what was seen within the last minute.
  await agePresence({ bookId, userId: ada.userId }, 120);
  await invoke("PresenceReconcile");
  assert.deepEqual(await listener.next("room:user-left"), { userId: ada.userId });
});
