// Pusher's HTTP API, served by Carillon: the official server library with another host.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import Pusher from "pusher";

import { call } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { bringPusherBack, stopPusher } from "./support/outage.mjs";
import { newId, person } from "./support/people.mjs";
import { unavailable } from "./support/processes.mjs";
import { stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

const SHIPPED = "order-shipped";
const { appId, key, secret, encryptionMasterKeyBase64 } = stack.pusher;
const { hostname: host, port } = new URL(stack.url);

/** A back end of the app, whose library sends to Carillon. */
const backend = new Pusher({ appId, key, secret, host, port, useTLS: false, encryptionMasterKeyBase64 });

/** The answer to a request that the library signs. `params` go into the query. */
function send(method, path, { json, params, pusher = backend, headers, id = appId } = {}) {
  const whole = `/apps/${id}${path}`;
  const body = json === undefined ? undefined : JSON.stringify(json);
  const query = pusher.createSignedQueryString({ method, path: whole, body, params });
  return call(method, `${whole}?${query}`, { body, headers: { "content-type": "application/json", ...headers } });
}

async function listening(t, channel) {
  const ada = person("Ada", null, { channels: [channel] });
  const listener = await listen(t, ada, { foreign: [SHIPPED] });
  return { ada, listener, members: await listener.subscribe(channel) };
}

describe("A back end whose Pusher library sends to Carillon", { concurrency: 4 }, () => {
  test("triggers events and batches of them on every type of channel", async (t) => {
    const ending = newId("order");
    const channels = ["", "private-", "private-encrypted-", "presence-"].map((type) => `${type}${ending}`);
    const ada = person("Ada", null, { channels });
    const listener = await listen(t, ada, { foreign: [SHIPPED] });
    for (const channel of channels) {
      await listener.subscribe(channel);
      assert.deepEqual(await (await backend.trigger(channel, SHIPPED, { to: channel })).json(), {});
      assert.deepEqual(await listener.next(SHIPPED, { to: channel }), { to: channel });
    }
    await backend.triggerBatch(channels.map((channel) => ({ channel, name: SHIPPED, data: { batch: channel } })));
    for (const channel of channels) {
      await listener.next(SHIPPED, { batch: channel });
    }
    const plain = channels.filter((channel) => !channel.includes("encrypted"));
    await backend.trigger(plain, SHIPPED, { to: "several" });
    for (const _ of plain) {
      await listener.next(SHIPPED, { to: "several" });
    }
  });

  test("excludes the connection that caused an event", async (t) => {
    const channel = `private-${newId("order")}`;
    const [one, other] = [await listening(t, channel), await listening(t, channel)];
    await backend.trigger(channel, SHIPPED, { n: 1 }, { socket_id: one.listener.socketId });
    await backend.trigger(channel, SHIPPED, { n: 2 });
    await one.listener.next(SHIPPED, { n: 2 });
    await other.listener.next(SHIPPED, { n: 1 });
    await one.listener.none(SHIPPED, { n: 1 });
  });

  test("sends to a signed-in user, and ends the user's connections", async (t) => {
    const ada = person("Ada");
    const listener = await listen(t, ada, { foreign: [SHIPPED] });
    await listener.signIn();
    await backend.sendToUser(ada.userId, SHIPPED, { n: 1 });
    assert.deepEqual(await listener.next(SHIPPED), { n: 1 });
    await backend.terminateUserConnections(ada.userId);
    await listener.ended();
  });

  test("asks who is there", async (t) => {
    const channel = `presence-${newId("lobby")}`;
    const { ada } = await listening(t, channel);
    const found = async (options) => (await backend.get(options)).json();
    const params = { filter_by_prefix: channel, info: "user_count" };
    // The local Pusher server keeps its list for two seconds.
    const { channels } = await until("the channel in the list", async () => {
      const named = await found({ path: "/channels", params });
      return named.channels[channel] && named;
    });
    assert.deepEqual(channels, { [channel]: { user_count: 1 } });
    const state = await found({ path: `/channels/${channel}`, params: { info: "user_count" } });
    assert.deepEqual([state.occupied, state.user_count], [true, 1]);
    assert.deepEqual(await found({ path: `/channels/${channel}/users` }), { users: [{ id: ada.userId }] });
    const counted = await backend.trigger(channel, SHIPPED, {}, { info: "user_count" });
    assert.deepEqual(await counted.json(), { channels: { [channel]: { user_count: 1 } } });
  });

  test("is answered as docs/openapi.yaml says, and may repeat a request with its key", async (t) => {
    const channel = `private-${newId("order")}`;
    const { ada, listener } = await listening(t, channel);
    const event = { name: SHIPPED, channels: [channel], data: JSON.stringify({ n: 1 }) };
    const batch = { batch: [{ name: SHIPPED, channel, data: JSON.stringify({ n: 2 }) }] };
    for (const [path, json, other] of [["/events", event, { ...event, name: "other" }], ["/batch_events", batch, { batch: [...batch.batch, ...batch.batch] }]]) {
      const headers = { "idempotency-key": newId("key") };
      assert.equal((await send("POST", path, { json, headers })).status, 200);
      const again = await send("POST", path, { json, headers });
      assert.deepEqual([again.status, again.headers.get("idempotent-replayed")], [200, "true"]);
      assert.equal((await send("POST", path, { json: other, headers })).status, 422);
      const large = JSON.parse(JSON.stringify(json).replaceAll(/"\{[^}]*\}"/g, `"${"d".repeat(10_241)}"`));
      assert.equal((await send("POST", path, { json: large })).status, 413);
      assert.equal((await send("POST", path, { json: {} })).status, 400);
    }
    await listener.next(SHIPPED, { n: 1 });
    await listener.next(SHIPPED, { n: 2 });
    await listener.none(SHIPPED);

    const others = [["GET", "/channels"], ["GET", `/channels/${channel}`], ["GET", "/channels/presence-x/users"], ["POST", `/users/${ada.userId}/terminate_connections`]];
    const forger = new Pusher({ appId, key, secret: "forged", host, port, useTLS: false });
    for (const [method, path] of [["POST", "/events"], ["POST", "/batch_events"], ...others]) {
      const json = method === "POST" ? event : undefined;
      assert.equal((await send(method, path, { json, pusher: forger })).status, 401, path);
      assert.equal((await send(method, path, { json, id: "another" })).status, 404, path);
    }
    for (const [method, path] of others) {
      const json = method === "POST" ? {} : undefined;
      assert.equal((await send(method, path, { json })).status, 200, path);
    }
    assert.equal((await send("GET", "/channels", { params: { info: "UPPER" } })).status, 400);
    assert.equal((await send("GET", `/channels/${channel}`, { params: { info: "UPPER" } })).status, 400);
    assert.equal((await send("GET", `/channels/${channel}/users`)).status, 400, "it is no presence channel");
    assert.equal((await send("POST", "/users/a!/terminate_connections", { json: {} })).status, 400);
  });
});

test("an event that a back end triggered while Pusher was down is delivered when it is back", { skip: unavailable }, async (t) => {
  const channel = `private-${newId("order")}`;
  const { listener } = await listening(t, channel);
  await stopPusher(t);
  assert.equal((await backend.trigger(channel, SHIPPED, { n: 1 })).status, 200);
  await bringPusherBack(t, listener);
  assert.deepEqual(await listener.next(SHIPPED, { n: 1 }), { n: 1 });
});
