// WebSockets: the app's own classes on socket.io-client, wscat, handshakes, limits.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import nacl from "tweetnacl";

import { call, expecting } from "./support/api.mjs";
import { person, service } from "./support/people.mjs";
import { appService, connectIo, rememberingConsole, SOCKETS, wscat } from "./support/sockets.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";

const address = (namespace, { userId, token: bearer }) => `${SOCKETS}/${namespace}?userId=${userId}&token=${bearer}`;

/** The status with which a handshake is refused. */
async function refusal(url) {
  const { WebSocket } = await import("ws");
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
    socket.on("open", () => reject(new Error("it was let in")));
    socket.on("error", () => {});
  });
}

describe("Sockets", () => {
  test("the app's two services work on one page, over one connection", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const [consoleA, consoleG] = [rememberingConsole(), rememberingConsole()];
    const dashboard = appService("dashboard-service.ts", "dashboardService", { console: consoleA });
    const messaging = appService("messaging-service.ts", "messagingService", { console: consoleA });
    dashboard.connect(ada.userId, ada.token);
    messaging.connect(ada.userId, ada.token);
    t.after(() => {
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
    const online = async () => (await call("GET", `/dashboard/online/${ada.userId}`, { as: grace })).body.online;
    await until("offline", async () => (await online()) === false);
    const second = other.socket.emitWithAck("sendMessage", { receiverId: ada.userId, content: "Still there?" });
    assert.equal((await second).ok, true);
    await until("the answer", () => consoleA.said("New message:").some(({ content }) => content === "Still there?"));
  });

  test("the lines of wscat work", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const dashboard = wscat(t, address("dashboard", ada));
    await dashboard.next("connected");
    dashboard.say('{"event": "subscribe", "data": {"channels": ["referrals", "events"]}}');
    assert.deepEqual((await dashboard.next("subscribed")).data.channels, ["referrals", "events"]);
    const [a, g] = [wscat(t, address("ws", ada)), wscat(t, address("ws", grace))];
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
    assert.equal(await refusal(`${SOCKETS}/socket.io/?EIO=3&transport=websocket&token=${ada.token}`), 400);
  });

  test("a sixth connection of a user is refused with a reason", async (t) => {
    const ada = person("Ada");
    const open = Array.from({ length: 5 }, () => connectIo(t, "ws", ada));
    await until("five", () => open.every(({ socket }) => socket.connected));
    assert.equal(await refusal(address("ws", ada)), 429);
    assert.equal(await refusal(`${SOCKETS}/socket.io/?EIO=4&transport=websocket&token=${ada.token}`), 429);
    open[0].socket.disconnect();
    const again = connectIo(t, "ws", ada, { reconnectionDelay: 200 });
    await until("another", () => again.socket.connected);
  });

  test("an unknown namespace is refused as Socket.IO refuses it", async (t) => {
    const { socket } = connectIo(t, "admin", person("Ada"));
    const error = await new Promise((resolve) => socket.on("connect_error", resolve));
    assert.equal(error.message, "Invalid namespace");
  });

  test("bad frames get an error or an end", async (t) => {
    const { WebSocket } = await import("ws");
    const plain = wscat(t, address("dashboard", person("Ada")));
    await plain.next("connected");
    plain.say('{"event": "nonsense"}');
    assert.equal((await plain.next("error")).data.error, "Bad Request");
    const ended = new WebSocket(address("dashboard", person("Ada")));
    const told = new Promise((resolve) => ended.on("message", (text) => String(text).includes('"error"') && resolve(JSON.parse(text))));
    await new Promise((resolve) => ended.on("open", resolve));
    ended.send("hello");
    assert.match((await told).data.message, /^Send JSON/);
    ended.close();
    for (const frame of ["hello", "9", '451-/ws,["a",{"_placeholder":true,"num":0}]']) {
      const ada = person("Ada");
      const socket = new WebSocket(`${SOCKETS}/socket.io/?EIO=4&transport=websocket&token=${ada.token}`);
      const ended = new Promise((resolve) => socket.on("close", resolve));
      const first = await new Promise((resolve) => socket.on("message", resolve));
      assert.match(String(first), /^0\{"sid":/);
      socket.send(frame);
      await ended;
    }
  });

  test("what is encrypted from end to end is readable in no place but its receiver's", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const [keysA, keysG] = [nacl.box.keyPair(), nacl.box.keyPair()];
    const base64 = (bytes) => Buffer.from(bytes).toString("base64");
    const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
    await expecting(200, "PUT", "/keys", { as: ada, json: { publicKey: base64(keysA.publicKey) } });
    await expecting(200, "PUT", "/keys", { as: grace, json: { publicKey: base64(keysG.publicKey) } });
    const secret = `meet me at ${crypto.randomUUID()}`;
    const found = (await call("GET", `/keys/${grace.userId}`, { as: ada })).body;
    const nonce = nacl.randomBytes(nacl.box.nonceLength);
    const ciphertext = nacl.box(new TextEncoder().encode(secret), nonce, bytes(found.publicKey), keysA.secretKey);
    const [atAda, atGrace] = [connectIo(t, "ws", ada), connectIo(t, "ws", grace)];
    await until("both", () => atAda.socket.connected && atGrace.socket.connected);
    const content = { ciphertext: base64(ciphertext), nonce: base64(nonce), keyVersion: found.version };
    const sent = await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content });
    assert.equal(sent.ok, true);
    const message = await atGrace.next("message:new");
    const from = (await call("GET", `/keys/${ada.userId}`, { as: grace })).body;
    const opened = nacl.box.open(bytes(message.content.ciphertext), bytes(message.content.nonce), bytes(from.publicKey), keysG.secretKey);
    assert.equal(new TextDecoder().decode(opened), secret);
    assert.ok(!JSON.stringify(message).includes(secret));
    assert.equal(await itemsMentioning(secret), 0);
  });

  test("a reconnect misses nothing", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const [atAda, atGrace] = [connectIo(t, "ws", ada), connectIo(t, "ws", grace)];
    await until("both", () => atAda.socket.connected && atGrace.socket.connected);
    atAda.socket.emit("sendMessage", { receiverId: grace.userId, content: "one" });
    const first = await atGrace.next("message:new");
    // As API Gateway does after two hours.
    atGrace.socket.io.engine.close();
    for (const content of ["two", "three"]) {
      await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content });
    }
    await until("reconnect", () => atGrace.socket.connected);
    const { messages } = (await call("GET", `/messages/${ada.userId}?after=${first.seq}`, { as: grace })).body;
    assert.deepEqual(messages.map(({ content }) => content), ["two", "three"]);
  });
});
