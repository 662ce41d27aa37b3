// Pusher's protocol, spoken by the functions themselves. On a stack with a Pusher server these are not run.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import Pusher from "pusher-js";

import { cleanUp } from "./support/cleanup.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { server } from "./support/server.mjs";
import { connection, isGateway, stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

const SHIPPED = "order-shipped";

/** A client with nothing but its own options, disconnected at the end of the test. */
function client(t, key, options = {}) {
  const pusher = new Pusher(key, { ...connection, ...options });
  cleanUp(t, () => pusher.disconnect());
  return pusher;
}

/** The next event of this name on a channel. */
const once = (channel, event) => new Promise((resolve) => channel.bind(event, resolve));

const subscribed = (channel) => until(`the subscription to ${channel.name}`, () => channel.subscribed);

describe("pusher-js, unchanged", { concurrency: 4 }, () => {
  test("connects to the front door", async (t) => {
    assert.ok(isGateway);
    const { port } = new URL(stack.url);
    assert.equal(connection.wsPort, Number(port), "there is no other server");
    const pusher = client(t, stack.pusher.key);
    await until("pusher-js's connection", () => pusher.connection.state === "connected");
    assert.match(pusher.connection.socket_id, /^\d+\.\d+$/);
  });

  test("is told that its key is wrong, and stops", async (t) => {
    const pusher = client(t, "another");
    const errors = [];
    pusher.connection.bind("error", (error) => errors.push(error));
    await until("the end of its attempts", () => pusher.connection.state === "failed" || pusher.connection.state === "disconnected");
    assert.equal(errors[0]?.data?.code ?? errors[0]?.error?.data?.code, 4001, JSON.stringify(errors));
  });

  test("gets the events of public channels, and of those alone to which it is subscribed", async (t) => {
    const [name, other] = [newId("news"), newId("news")];
    const pusher = client(t, stack.pusher.key);
    const [channel, left] = [pusher.subscribe(name), pusher.subscribe(other)];
    await subscribed(channel);
    await subscribed(left);
    const stray = [];
    left.bind(SHIPPED, (data) => stray.push(data));
    pusher.unsubscribe(other);
    const event = once(channel, SHIPPED);
    // The last of these comes after what would have come to the channel that it left.
    await server.trigger(other, SHIPPED, { n: 1 });
    await server.trigger(name, SHIPPED, { n: 2 });
    assert.deepEqual(await event, { n: 2 });
    assert.deepEqual(stray, []);
  });

  test("ends as it asked last, however fast it changes its mind", async (t) => {
    const name = newId("news");
    const pusher = client(t, stack.pusher.key);
    for (let n = 0; n < 4; n += 1) {
      await subscribed(pusher.subscribe(name));
      pusher.unsubscribe(name);
    }
    const channel = pusher.subscribe(name);
    await subscribed(channel);
    let hasCome = false;
    channel.bind(SHIPPED, () => (hasCome = true));
    await until("an event", async () => {
      await server.trigger(name, SHIPPED, {});
      return hasCome;
    });
  });

  test("sees who is in a presence channel, once for all tabs", async (t) => {
    const ending = newId("lobby");
    const channel = `presence-${ending}`;
    const [ada, ben] = [person("Ada", null, { channels: [channel] }), person("Ben", null, { channels: [channel] })];
    const hers = await listen(t, ada);
    assert.equal((await hers.subscribe(channel)).count, 1);
    const [first, second] = [await listen(t, ben), await listen(t, ben)];
    assert.equal((await first.subscribe(channel)).count, 2);
    assert.equal((await second.subscribe(channel)).count, 2);
    const added = await hers.next("pusher:member_added");
    assert.deepEqual([added.id, added.info.displayName], [ben.userId, "Ben"]);
    first.close();
    second.unsubscribe(channel);
    assert.equal((await hers.next("pusher:member_removed")).id, ben.userId);
    await hers.none("pusher:member_added");
    await hers.none("pusher:member_removed");
  });

  test("sends events to the others of a presence channel, who learn whose they are", async (t) => {
    const channel = `presence-${newId("lobby")}`;
    const [ada, ben] = [person("Ada", null, { channels: [channel] }), person("Ben", null, { channels: [channel] })];
    const [hers, his] = [await listen(t, ada), await listen(t, ben)];
    await hers.subscribe(channel);
    await his.subscribe(channel);
    hers.trigger(channel, "client-wave", { hand: "left" });
    assert.deepEqual(await his.next("client-wave"), { hand: "left" });
    await hers.none("client-wave");
  });

  test("gets the number of subscribers of its channel", async (t) => {
    const name = newId("news");
    const channel = client(t, stack.pusher.key).subscribe(name);
    const told = [];
    channel.bind("pusher:subscription_count", (data) => told.push(data.subscription_count));
    await until("the first number", () => channel.subscriptionCount === 1);
    const second = client(t, stack.pusher.key);
    const other = second.subscribe(name);
    await until("the number of two", () => channel.subscriptionCount === 2 && other.subscriptionCount === 2);
    second.disconnect();
    await until("the number of one", () => channel.subscriptionCount === 1);
    assert.equal(told.at(-1), 1);
  });

  test("gets the last event of a cache channel at once", async (t) => {
    const name = `cache-${newId("stock")}`;
    const first = client(t, stack.pusher.key).subscribe(name);
    await once(first, "pusher:cache_miss");
    const event = once(first, SHIPPED);
    await server.trigger(name, SHIPPED, { left: 7 });
    await event;
    const second = client(t, stack.pusher.key).subscribe(name);
    assert.deepEqual(await once(second, SHIPPED), { left: 7 });
  });

  test("gets events for its user once it has signed in, and is ended by the app", async (t) => {
    const listener = await listen(t, person("Ada"), { foreign: [SHIPPED] });
    const user = await listener.signIn();
    await server.sendToUser(user.id, SHIPPED, { to: "you" });
    assert.deepEqual(await listener.next(SHIPPED), { to: "you" });
    await server.terminateUserConnections(user.id);
    await listener.ended();
  });
});
