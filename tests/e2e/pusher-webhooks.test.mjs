// Webhooks to the app's own server, where the functions speak Pusher's protocol themselves (`cargo local test --pusher gateway`). The
// official server library reads them, as in an app.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { cleanUp } from "./support/cleanup.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { receiver } from "./support/receiver.mjs";
import { until } from "./support/wait.mjs";

/** The events about this channel in the webhooks that were answered with this status. */
async function events(channel, status = 200) {
  const webhooks = await receiver.webhooks();
  for (const { webhook } of webhooks) {
    assert.ok(webhook.isValid(), "signed by the app's key and secret");
  }
  const answered = webhooks.filter((received) => received.status === status);
  return answered.flatMap(({ webhook }) => webhook.getEvents()).filter((event) => event.channel === channel);
}

/** Resolves to the event of this name about a channel as soon as it has come. */
const told = (channel, name) =>
  until(`${name} of ${channel}`, async () => (await events(channel)).find((event) => event.name === name));

describe("webhooks of channels", { concurrency: 1 }, () => {
  test("tell that a channel is occupied, who came and who left, and that it is vacated", async (t) => {
    const channel = `presence-${newId("lobby")}`;
    const ada = person("Ada", null, { channels: [channel] });
    const [first, second] = [await listen(t, ada), await listen(t, ada)];
    await first.subscribe(channel);
    await second.subscribe(channel);
    assert.deepEqual(await told(channel, "channel_occupied"), { name: "channel_occupied", channel });
    assert.deepEqual(await told(channel, "member_added"), { name: "member_added", channel, user_id: ada.userId });
    first.close();
    second.unsubscribe(channel);
    assert.deepEqual(await told(channel, "member_removed"), { name: "member_removed", channel, user_id: ada.userId });
    assert.deepEqual(await told(channel, "channel_vacated"), { name: "channel_vacated", channel });
    const others = (await events(channel)).filter(({ user_id: user }) => user !== undefined && user !== ada.userId);
    assert.deepEqual(others, []);
  });

  test("tell what a client sent to others, and that a cache channel has no event", async (t) => {
    const channel = `presence-cache-${newId("board")}`;
    const ada = person("Ada", null, { channels: [channel] });
    const hers = await listen(t, ada);
    await hers.subscribe(channel);
    assert.deepEqual(await told(channel, "cache_miss"), { name: "cache_miss", channel });
    hers.trigger(channel, "client-wave", { hand: "left" });
    const { socket_id: socket, ...sent } = await told(channel, "client_event");
    assert.match(socket, /^\d+\.\d+$/);
    const expected = { name: "client_event", channel, event: "client-wave", data: '{"hand":"left"}', user_id: ada.userId };
    assert.deepEqual(sent, expected);
  });

  test("tell how many are subscribed to a channel", async (t) => {
    const ada = person("Ada");
    const channel = ada.ownChannel;
    await (await listen(t, ada)).subscribe(channel);
    const event = await told(channel, "subscription_count");
    assert.deepEqual(event, { name: "subscription_count", channel, subscription_count: 1 });
  });

  test("come again until the server confirms them", async (t) => {
    await receiver.answer(500);
    cleanUp(t, () => receiver.answer(200));
    const channel = `presence-${newId("lobby")}`;
    const listener = await listen(t, person("Ada", null, { channels: [channel] }));
    await listener.subscribe(channel);
    const isOccupied = ({ name }) => name === "channel_occupied";
    const refused = await until("a refused webhook", async () => (await events(channel, 500)).find(isOccupied));
    assert.deepEqual((await events(channel)).filter(isOccupied), []);
    await receiver.answer(200);
    assert.deepEqual(await told(channel, "channel_occupied"), refused);
  });
});
