// The namespace /dashboard: its clients' events, and the routes by which other back ends send them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { newId, person, service } from "./support/people.mjs";
import { connectIo } from "./support/sockets.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";
import { plain } from "./support/websocket.mjs";

const send = (event, headers) => expecting(202, "POST", "/dashboard/events", { as: service(), json: event, headers });

/** A Socket.IO client in /dashboard whose connection is confirmed. */
async function atDashboard(t, who) {
  const client = connectIo(t, "dashboard", who);
  await client.next("connected");
  return client;
}

describe("Dashboards", () => {
  test("every event that another back end sends arrives in either framing", async (t) => {
    const ada = person("Ada");
    const [io, json] = [await atDashboard(t, ada), await plain(t, "dashboard", ada)];
    await json.next("connected");
    const marker = newId("event");
    const sent = {
      activity: { type: "connection_request", message: "New connection request", marker },
      notification: { title: "A title", body: "A body", type: "SYSTEM", priority: "normal", data: {}, marker },
      user_status: { userId: ada.userId, status: "online", marker },
      announcement: { title: "System Maintenance", body: "Scheduled maintenance tonight", marker },
      stats_update: { connections: 150, messages: 1250, posts: 89, marker },
    };
    for (const [event, data] of Object.entries(sent)) {
      await send({ event, data, userId: ada.userId });
      const isIt = (told) => told.marker === marker;
      const told = await json.next(event, isIt);
      const { eventId, ...rest } = told;
      assert.equal(typeof eventId, "string");
      assert.deepEqual({ ...rest, timestamp: null }, { ...data, timestamp: null });
      assert.deepEqual(await until(event, () => io.named(event).find(isIt)), told);
    }
  });

  test("an event is for a user, for a channel, or for everybody", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const [atAda, atGrace] = [await atDashboard(t, ada), await plain(t, "dashboard", grace)];
    const channel = newId("channel");
    const membership = `/dashboard/channels/${channel}/members/${ada.userId}`;
    await expecting(204, "PUT", membership, { as: service() });
    atAda.socket.emit("subscribe", { channels: [channel, "referrals", "payroll"] });
    assert.deepEqual(await atAda.next("subscribed"), { channels: [channel, "referrals"], refused: ["payroll"] });
    const { error, event, message } = await atAda.next("error");
    assert.deepEqual([error, event, message.includes('"payroll"')], ["Forbidden", "subscribe", true]);
    const ids = { grace: newId("e"), channel: newId("e"), left: newId("e"), all: newId("e") };
    await send({ event: "activity", userId: grace.userId, data: { id: ids.grace } });
    await send({ event: "activity", channel, data: { id: ids.channel } });
    await until("the channel's", () => atAda.named("activity").some(({ id }) => id === ids.channel));
    await expecting(204, "DELETE", membership, { as: service() });
    atAda.socket.emit("unsubscribe", { channels: ["projects"] });
    await until("the answer", () => atAda.named("subscribed").length === 2);
    assert.deepEqual(atAda.named("subscribed")[1], { channels: ["referrals"] });
    await send({ event: "activity", channel, data: { id: ids.left } });
    await send({ event: "announcement", data: { id: ids.all } });
    await atGrace.next("announcement", ({ id }) => id === ids.all);
    await until("the announcement", () => atAda.named("announcement").some(({ id }) => id === ids.all));
    const heard = (named) => named("activity").map(({ id }) => id).filter((id) => Object.values(ids).includes(id));
    assert.deepEqual([heard(atAda.named), heard(atGrace.named)], [[ids.channel], [ids.grace]]);
  });

  test("a user comes with the first connection and goes with the last one", async (t) => {
    const [watcher, ada] = [await atDashboard(t, person("Watcher")), person("Ada")];
    const statuses = () => watcher.named("user_status").filter(({ userId }) => userId === ada.userId).map(({ status }) => status);
    const isOnline = async () => (await expecting(200, "GET", `/dashboard/online/${ada.userId}`, { as: person() })).online;
    assert.equal(await isOnline(), false);
    const [first, second] = [await plain(t, "dashboard", ada), await plain(t, "dashboard", ada)];
    await until("online", () => statuses().length === 1);
    assert.equal(await isOnline(), true);
    const { onlineUsers, connections } = await expecting(200, "GET", "/dashboard/online", { as: service() });
    assert.ok(onlineUsers >= 2 && connections >= 3, `${onlineUsers} users, ${connections} connections`);
    first.socket.close();
    await first.closed();
    assert.equal(await isOnline(), true);
    second.socket.close();
    await until("offline", () => statuses().length === 2);
    assert.deepEqual(statuses(), ["online", "offline"]);
    assert.equal(await isOnline(), false);
  });

  test("a notification is on the dashboard of its user, and of nobody else", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const [atAda, atGrace] = [await atDashboard(t, ada), await atDashboard(t, grace)];
    const request = { userId: ada.userId, type: "MESSAGE", data: { senderName: "John" } };
    const { notificationId } = await expecting(201, "POST", "/notifications", { as: service(), json: request });
    const told = await atAda.next("notification");
    assert.deepEqual([told.body, told.type, told.data.notificationId], ["John sent you a message", "MESSAGE", notificationId]);
    await send({ event: "announcement", userId: grace.userId, data: {} });
    await atGrace.next("announcement");
    assert.deepEqual(atGrace.named("notification"), []);
  });

  test("a faulty event gets an error that names it, and the connection stays open", async (t) => {
    const client = await plain(t, "dashboard", person("Ada"));
    for (const data of [{}, { channels: "referrals" }, { channels: [7] }, { channels: [""] }, { channels: ["x".repeat(101)] }, null]) {
      const before = client.named("error").length;
      client.say("subscribe", data);
      await until("an error", () => client.named("error").length > before);
      const { event, error, message } = client.named("error")[before];
      assert.deepEqual([event, error], ["subscribe", "Bad Request"], message);
    }
    client.say("subscribe", { channels: Array.from({ length: 51 }, (_, n) => `c${n}`) });
    assert.match((await client.next("error", ({ error }) => error === "Conflict")).message, /50 channels/);
    client.say("sendMessage", { receiverId: "ben", content: "Hello" });
    await client.next("error", ({ event }) => event === "sendMessage");
    client.say("subscribe", { channels: ["referrals"] });
    assert.deepEqual((await client.next("subscribed")).channels, ["referrals"]);
  });

  test("a key is for one event, and its repetition tells nobody again", async (t) => {
    const ada = person("Ada");
    const client = await atDashboard(t, ada);
    const [caller, event] = [service(), { event: "activity", userId: ada.userId, data: { id: newId("e") } }];
    const keyed = { as: caller, headers: { "idempotency-key": newId("key") } };
    const first = await call("POST", "/dashboard/events", { ...keyed, json: event });
    const again = await call("POST", "/dashboard/events", { ...keyed, json: event });
    assert.deepEqual([again.status, again.body, again.headers.get("idempotent-replayed")], [202, first.body, "true"]);
    assert.equal((await call("POST", "/dashboard/events", { ...keyed, json: { ...event, data: {} } })).status, 422);
    await send({ event: "announcement", userId: ada.userId });
    await client.next("announcement");
    assert.equal(client.named("activity").length, 1);
  });
});

describe("Refusals of dashboards", () => {
  test("events and counts are for other back ends", async () => {
    const [ada, event] = [person("Ada"), { event: "announcement", data: { marker: newId("marker") } }];
    assert.equal((await call("POST", "/dashboard/events", { as: ada, json: event })).status, 403);
    assert.equal((await call("GET", "/dashboard/online", { as: ada })).status, 403);
    for (const as of [undefined, { token: token({ sub: "x", roles: ["service"], exp: inSeconds(-60) }) }]) {
      assert.equal((await call("POST", "/dashboard/events", { as, json: event })).status, 401);
      assert.equal((await call("GET", "/dashboard/online", { as })).status, 401);
      assert.equal((await call("GET", `/dashboard/online/${ada.userId}`, { as })).status, 401);
    }
    assert.equal(await itemsMentioning(event.data.marker), 0);
  });

  test("malformed and too large events are refused, and nothing is written", async () => {
    const marker = newId("marker");
    const good = { event: "announcement", data: { marker } };
    const bad = [
      [400, { body: "{", headers: { "content-type": "application/json" } }],
      [400, { json: { data: good.data } }],
      [400, { json: { ...good, event: "connected" } }],
      [400, { json: { ...good, data: marker } }],
      [400, { json: { ...good, userId: "a b" } }],
      [400, { json: { ...good, channel: "" } }],
      [400, { json: { ...good, channel: "c", userId: "ada" } }],
      [413, { json: { ...good, data: { marker, text: "x".repeat(70_000) } } }],
      [415, { body: JSON.stringify(good), headers: { "content-type": "text/plain" } }],
    ];
    for (const [status, request] of bad) {
      const answer = await call("POST", "/dashboard/events", { as: service(), ...request });
      assert.equal(answer.status, status, `${JSON.stringify(request).slice(0, 100)}: ${answer.text}`);
    }
    assert.equal((await call("GET", "/dashboard/online/a%20b", { as: person() })).status, 400);
    assert.equal(await itemsMentioning(marker), 0);
  });
});
