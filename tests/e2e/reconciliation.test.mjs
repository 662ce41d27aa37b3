// Departures that nobody told of are found out: from Pusher's own list, or by the keep-alive of the connections.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hasConnection, invoke, invokeLater, throttle } from "./support/functions.mjs";
import { listen } from "./support/listener.mjs";
import { person } from "./support/people.mjs";
import { killPusher, noPusherServer, startPusher } from "./support/processes.mjs";
import { roomWithWitness } from "./support/room.mjs";
import { isGateway } from "./support/stack.mjs";
import { agePresence } from "./support/table.mjs";
import { until } from "./support/wait.mjs";

/** The connection of API Gateway that a socket id stands for: two digits for each character, from "!" on. */
const connectionIn = (socketId) => socketId.replace("1.", "").replace(/../g, (digits) => String.fromCharCode(Number(digits) + 33));

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

test("a departure whose function failed is found out", { skip: !isGateway && "the functions are not told of connections here" }, async (t) => {
  const { channel, listener } = await roomWithWitness(t);
  const ada = person("Ada");
  const client = await listen(t, ada);
  await client.subscribe(channel);
  await listener.next("room:user-joined", { userId: ada.userId });

  const release = await throttle(t, "SocketDisconnect");
  const connection = connectionIn(client.socketId);
  client.close();
  await until("the end of the connection", async () => !(await hasConnection("pusher", connection)));
  await release();
  listener.mustBeWithout("room:user-left");

  await invokeLater("SocketHeartbeat");
  assert.deepEqual(await listener.next("room:user-left"), { userId: ada.userId });
});
