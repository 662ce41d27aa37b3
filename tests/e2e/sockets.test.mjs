// WebSockets: the app's own classes on socket.io-client, wscat, handshakes, limits. The events are in dashboard.test.mjs and messaging.test.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { person, service } from "./support/people.mjs";
import { appService, connectIo, rememberingConsole, SOCKETS, wscat } from "./support/sockets.mjs";
import { expireTokensOf } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";
import { addressIn, engineAddress, joined, plain, refusal } from "./support/websocket.mjs";

describe("Sockets", () => {
  test("the app's two services work on one page, over one connection", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const consoleA = rememberingConsole();
    const dashboard = appService("dashboard-service.ts", "dashboardService", { console: consoleA });
    const messaging = appService("messaging-service.ts", "messagingService", { console: consoleA });
    dashboard.connect(ada.userId, ada.token);
    messaging.connect(ada.userId, ada.token);
    cleanUp(t, () => {
      dashboard.disconnect();
      messaging.socket.disconnect();
    });
    const [connected] = await until("connected", () => consoleA.said("Dashboard connected:").length && consoleA.said("Dashboard connected:"));
    assert.equal(connected.userId, ada.userId);
    assert.equal(connected.message, "Dashboard connection established");
    await until("/ws", () => messaging.socket.connected);
    assert.equal(dashboard.socket.io, messaging.socket.io, "one manager, and so one connection");

    const other = connectIo(t, "ws", grace);
    await until("Grace", () => other.socket.connected);
    messaging.sendMessage(grace.userId, "Hello");
    const message = await other.next("MESSAGE_BROADCAST");
    assert.equal(message.content, "Hello");
    assert.deepEqual(await other.next("message:new"), message);

    other.socket.emit("typing", { receiverId: ada.userId, isTyping: true });
    const [typing] = await until("typing", () => consoleA.said("Typing indicator:").length && consoleA.said("Typing indicator:"));
    assert.equal(typing.userId, grace.userId);

    const read = new Promise((resolve) => messaging.socket.on("message:read", resolve));
    other.socket.emit("markAsRead", { messageId: message.id });
    assert.equal((await read).messageId, message.id);

    dashboard.subscribe(["referrals", "events"]);
    await new Promise((resolve) => dashboard.socket.on("subscribed", resolve));
    const activity = { type: "connection_request", userId: grace.userId, message: "New connection request" };
    await expecting(202, "POST", "/dashboard/events", { as: service(), json: { event: "activity", channel: "referrals", data: activity } });
    const [told] = await until("activity", () => consoleA.said("Activity update:").length && consoleA.said("Activity update:"));
    assert.equal(told.message, activity.message);

    await expecting(201, "POST", "/notifications", { as: service(), json: { userId: ada.userId, type: "MESSAGE", data: { senderName: "John" } } });
    const [notification] = await until("notification", () => consoleA.said("New notification:").length && consoleA.said("New notification:"));
    assert.equal(notification.body, "John sent you a message");

    // The namespaces end apart.
    dashboard.disconnect();
    const second = other.socket.emitWithAck("sendMessage", { receiverId: ada.userId, content: "Still there?" });
    assert.equal((await second).ok, true);
    await until("the answer", () => consoleA.said("New message:").some(({ content }) => content === "Still there?"));
    const isOnline = async () => (await expecting(200, "GET", `/dashboard/online/${ada.userId}`, { as: grace })).online;
    assert.equal(await isOnline(), true, "a user with one connection is online");
    messaging.socket.disconnect();
    await until("offline", async () => !(await isOnline()));
  });

  test("the lines of wscat work", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const dashboard = wscat(t, addressIn("dashboard", ada));
    await dashboard.next("connected");
    dashboard.say('{"event": "subscribe", "data": {"channels": ["referrals", "events"]}}');
    assert.deepEqual((await dashboard.next("subscribed")).data.channels, ["referrals", "events"]);
    const [a, g] = [wscat(t, addressIn("ws", ada)), wscat(t, addressIn("ws", grace))];
    await Promise.all([a.open(), g.open()]);
    a.say(`{"event": "sendMessage", "data": {"receiverId": "${grace.userId}", "content": "Hello"}}`);
    assert.equal((await g.next("message:new")).data.content, "Hello");
    assert.equal((await a.next("message:sent")).data.content, "Hello");
    const { messages } = (await call("GET", `/messages/${ada.userId}?after=0`, { as: grace })).body;
    assert.deepEqual(messages.map(({ content }) => content), ["Hello"]);
  });

  test("a handshake without a good token is refused with its status", async () => {
    const ada = person("Ada");
    assert.equal(await refusal(`${SOCKETS}/dashboard`), 401);
    assert.equal(await refusal(`${SOCKETS}/ws?token=${token({ sub: "ada", exp: inSeconds(-60) })}`), 401);
    assert.equal(await refusal(`${SOCKETS}/ws?userId=somebody-else&token=${ada.token}`), 403);
    assert.equal(await refusal(engineAddress(ada, "EIO=3&transport=websocket")), 400);
  });

  test("a sixth connection of a user is refused with a reason", async (t) => {
    const ada = person("Ada");
    const open = Array.from({ length: 5 }, () => connectIo(t, "ws", ada));
    await until("five", () => open.every(({ socket }) => socket.connected));
    assert.equal(await refusal(addressIn("ws", ada)), 429);
    assert.equal(await refusal(engineAddress(ada)), 429);
    open[0].socket.disconnect();
    const again = connectIo(t, "ws", ada, { reconnectionDelay: 200 });
    await until("another", () => again.socket.connected);
  });

  test("no text of a client ends the registration of a connection that stays open", async (t) => {
    const ada = person("Ada");
    const clients = await Promise.all(Array.from({ length: 5 }, () => plain(t, "ws", ada)));
    for (const client of clients) {
      client.say("$disconnect", {});
      client.say("$connect", {});
      await until("two errors", () => client.named("error").length === 2);
    }
    assert.equal(await refusal(addressIn("ws", ada)), 429);
    assert.ok(clients.every((client) => client.isOpen()));
  });

  test("socket.io-client signs in by its auth, for both namespaces of one connection, and again when it reconnects", async (t) => {
    const ada = person("Ada");
    const auth = { token: ada.token };
    const dashboard = connectIo(t, "dashboard", ada, { query: {}, auth });
    assert.equal((await dashboard.next("connected")).userId, ada.userId);
    const ws = dashboard.socket.io.socket("/ws", { auth });
    cleanUp(t, () => ws.disconnect());
    await until("/ws", () => ws.connected);
    assert.equal(ws.io, dashboard.socket.io, "one connection");

    // As a network does that fails; the client comes back by itself.
    dashboard.socket.io.engine.close();
    await until("the end", () => !dashboard.socket.connected);
    await until("both again", () => dashboard.socket.connected && ws.connected);
  });

  test("a bad or missing token in auth is a connect_error with the words of the refused handshake", async (t) => {
    const [ada, eve] = [person("Ada"), person("Eve")];
    for (const [auth, words] of [
      [{}, /^Sign in first/],
      [{ token: "x.y.z" }, /^The token is not valid here/],
    ]) {
      const { socket } = connectIo(t, "ws", ada, { query: {}, auth });
      const error = await new Promise((resolve) => socket.on("connect_error", resolve));
      assert.match(error.message, words);
      assert.equal(socket.connected, false);
    }
    const { socket } = connectIo(t, "ws", ada, { query: { userId: eve.userId }, auth: { token: ada.token } });
    const error = await new Promise((resolve) => socket.on("connect_error", resolve));
    assert.match(error.message, /userId must be/);
    assert.equal(await refusal(`${SOCKETS}/ws`), 401, "plain JSON has no auth");
  });

  test("an unknown namespace is refused as Socket.IO refuses it", async (t) => {
    const { socket } = connectIo(t, "admin", person("Ada"));
    const error = await new Promise((resolve) => socket.on("connect_error", resolve));
    assert.equal(error.message, "Invalid namespace");
  });

  test("a connection ends with its token, and gets the reason", async (t) => {
    const ada = person("Ada");
    const [json, io] = [await plain(t, "dashboard", ada), await joined(t, ada, "ws")];
    await json.next("connected");
    await expireTokensOf(ada);
    json.say("subscribe", { channels: ["referrals"] });
    io.send('42/ws,["typing",{"receiverId":"ben","isTyping":true}]');
    const { error, message } = await json.next("error");
    assert.equal(error, "Unauthorized");
    assert.match(message, /expired/);
    assert.match(await io.frame((frame) => frame.startsWith('42/ws,["error"')), /expired/);
    await Promise.all([json.closed(), io.closed()]);
    assert.deepEqual(json.named("subscribed"), []);
    assert.equal((await expecting(200, "GET", `/dashboard/online/${ada.userId}`, { as: person() })).online, false);
  });

  test("a client that sends too much gets the time to go on, and every message gets a response", async (t) => {
    const ada = person("Ada", null, { channels: ["channel-*"] });
    const clients = await Promise.all([plain(t, "dashboard", ada), plain(t, "dashboard", ada)]);
    for (const client of clients) {
      for (let n = 0; n < 90; n += 1) {
        client.say("subscribe", { channels: [`channel-${n % 50}`] });
      }
    }
    const answers = ({ named }) => named("subscribed").length + named("error").length;
    await until("all answers", () => clients.every((client) => answers(client) === 90));
    const errors = clients.flatMap(({ named }) => named("error"));
    assert.ok(errors.length > 0, "nothing was refused");
    for (const { error, event, retryAfter } of errors) {
      assert.deepEqual([error, event, retryAfter >= 1], ["Too Many Requests", "subscribe", true]);
    }
    assert.ok(errors.length <= 80, `${errors.length} of 180 were refused, and 100 are admitted at once`);
    assert.ok(clients.every((client) => client.isOpen()));
  });

  test("a client that goes on at a multiple of a limit gets the reason and is disconnected", async (t) => {
    const [flood, other] = [await joined(t, person("Ada"), "ws"), await joined(t, person("Ben"), "ws")];
    // Three times a hundred at once, and then five a second: of all limits, the one that a slow machine goes beyond first.
    for (let n = 0; n < 1_000 && flood.isOpen(); n += 1) {
      flood.send('42/ws,["markAsUnread",{}]');
    }
    assert.match(await flood.frame((frame) => frame.includes("This connection ends")), /Too Many Requests/);
    await flood.closed();
    assert.ok(other.isOpen());
  });
});
