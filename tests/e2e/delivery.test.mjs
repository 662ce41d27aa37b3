// An event that a write caused arrives, whatever breaks in between.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expecting } from "./support/api.mjs";
import { holdDeliveries } from "./support/functions.mjs";
import { listen } from "./support/listener.mjs";
import { bringPusherBack, hangPusher, replacePusher, stopPusher } from "./support/outage.mjs";
import { newId, person, service } from "./support/people.mjs";
import { killFunction, unavailable } from "./support/processes.mjs";
import { messagesIn } from "./support/queue.mjs";
import { stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

async function receiverListening(t) {
  const receiver = person("Grace");
  const listener = await listen(t, receiver);
  await listener.subscribe(receiver.ownChannel);
  return { receiver, listener };
}

async function giveKudos(giver, receiver) {
  const json = { receiverId: receiver.userId, sessionId: newId("session"), bookTitle: "The Dispossessed" };
  await expecting(201, "POST", "/kudos", { as: giver, json });
  return json.sessionId;
}

test("events of the time while Pusher is down are delivered when it is back", { skip: unavailable }, async (t) => {
  const { receiver, listener } = await receiverListening(t);
  await stopPusher(t);

  const sessionId = await giveKudos(person("Ada"), receiver);
  const notification = { userId: receiver.userId, type: "SYSTEM" };
  const { notificationId } = await expecting(201, "POST", "/notifications", { as: service(), json: notification });
  await until("the retry queue's taking over", async () => (await messagesIn(stack.retryQueueUrl)) > 0);

  await bringPusherBack(t, listener);
  assert.equal((await listener.next("kudos:received", {})).sessionId, sessionId);
  // The kudos become a notification, too.
  await listener.next("notification:new", ({ data }) => data.notificationId === notificationId);
  await until("an empty retry queue", async () => (await messagesIn(stack.retryQueueUrl)) === 0);
  assert.equal(await messagesIn(stack.deadLetterQueueUrl), 0);
});

test("a function killed between its write and its delivery loses nothing", { skip: unavailable }, async (t) => {
  const { receiver, listener } = await receiverListening(t);
  const giver = person("Ada");

  // The function responds once it has written, then hangs in its own delivery, and is killed there. The Pusher server loses with its end what
  // it was sent, and API Gateway refuses it, so only the written row can bring the event.
  const release = await holdDeliveries(t);
  try {
    await hangPusher(t);
    const sessionId = await giveKudos(giver, receiver);
    assert.ok(killFunction("KudosCreate") > 0, "the function was not running");
    await replacePusher(t, listener);
    await listener.noneFromPusher("kudos:received");
    await release();
    assert.equal((await listener.next("kudos:received", {})).sessionId, sessionId);
  } finally {
    await release();
  }

  const next = await giveKudos(giver, receiver);
  await listener.next("kudos:received", { sessionId: next });
});
