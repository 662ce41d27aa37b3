// The namespace /ws: direct messages, typing, read marks, presence; their history and keys over HTTP.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, test } from "node:test";

import nacl from "tweetnacl";

import { call, expecting } from "./support/api.mjs";
import { newId, person } from "./support/people.mjs";
import { introduce } from "./support/party.mjs";
import { connectIo } from "./support/sockets.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";
import { plain } from "./support/websocket.mjs";

const KEY = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";

/** Two people with a connection each. */
async function pair(t) {
  const [ada, grace] = [person("Ada"), person("Grace")];
  const [atAda, atGrace] = [connectIo(t, "ws", ada), connectIo(t, "ws", grace)];
  await until("both", () => atAda.socket.connected && atGrace.socket.connected);
  return { ada, grace, atAda, atGrace };
}

const textsOf = ({ messages }) => messages.map(({ content }) => content);

describe("Direct messages", () => {
  test("a message arrives by both of its names, and its sender hears that it is stored", async (t) => {
    const { ada, grace, atAda, atGrace } = await pair(t);
    const sent = await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: "Hello", clientMessageId: "m-1" });
    const message = await atGrace.next("message:new");
    assert.deepEqual([message.seq, message.senderId, message.senderName, message.content], [1, ada.userId, "Ada", "Hello"]);
    assert.deepEqual(await atGrace.next("MESSAGE_BROADCAST"), message);
    assert.deepEqual(await atAda.next("message:sent"), { ...message, clientMessageId: "m-1" });
    assert.deepEqual([sent.ok, sent.data.id], [true, message.id]);
    assert.deepEqual(atAda.named("message:new"), []);
  });

  test("a connection may want one family of names", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const [lower, upper] = [await plain(t, "ws", grace, "&names=lower"), await plain(t, "ws", grace, "&names=upper")];
    const sender = await plain(t, "ws", ada);
    sender.say("typing", { receiverId: grace.userId, isTyping: true });
    sender.say("sendMessage", { receiverId: grace.userId, content: "Hello" });
    await Promise.all(["message:new", "typing:start"].map((name) => lower.next(name)));
    await Promise.all(["MESSAGE_BROADCAST", "TYPING_INDICATOR"].map((name) => upper.next(name)));
    const names = ({ events }) => events.map(({ event }) => event).filter((name) => name !== "ping").toSorted();
    assert.deepEqual([names(lower), names(upper)], [["message:new", "typing:start"], ["MESSAGE_BROADCAST", "TYPING_INDICATOR"]]);
  });

  test("typing reaches the other one, and so does a read mark", async (t) => {
    const { ada, grace, atAda, atGrace } = await pair(t);
    atAda.socket.emit("typing", { receiverId: grace.userId, isTyping: true });
    await atGrace.next("typing:start");
    atAda.socket.emit("typing", { receiverId: grace.userId, isTyping: false });
    assert.equal((await atGrace.next("typing:stop")).isTyping, false);
    await until("both by their other name", () => atGrace.named("TYPING_INDICATOR").length === 2);
    atAda.socket.emit("sendMessage", { receiverId: grace.userId, content: "Hello" });
    const { id } = await atGrace.next("message:new");
    const marked = await atGrace.socket.emitWithAck("markAsRead", { messageId: id });
    assert.deepEqual(marked, { ok: true, data: { seq: 1, unread: 0 } });
    const read = await atAda.next("message:read");
    assert.deepEqual([read.messageId, read.readerId, read.seq], [id, grace.userId, 1]);
    const own = await atGrace.next("conversation:read");
    assert.deepEqual([own.kind, own.userId, own.seq, own.unreadCount], ["direct", ada.userId, 1, 0]);
  });

  test("a user's contacts get an event when the user comes or goes; a stranger does not", async (t) => {
    const { ada, grace, atAda, atGrace } = await pair(t);
    const stranger = connectIo(t, "ws", person("Stranger"));
    await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: "Hello" });
    await atGrace.next("message:new");
    await atGrace.socket.emitWithAck("sendMessage", { receiverId: ada.userId, content: "Good evening" });
    atGrace.socket.disconnect();
    assert.equal((await atAda.next("presence:offline")).userId, grace.userId);
    atGrace.socket.connect();
    assert.equal((await atAda.next("presence:online")).userId, grace.userId);
    assert.equal((await atGrace.next("presence:online")).userId, ada.userId, "who comes is told who is there");
    assert.deepEqual(stranger.events, []);
    assert.deepEqual(atAda.named("presence:online").filter(({ userId }) => userId === ada.userId), []);
  });

  test("a name makes a message one for good, and without one the same text is one message", async (t) => {
    const { ada, grace, atAda, atGrace } = await pair(t);
    const send = (more) => atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, ...more });
    const named = { content: "Hello", clientMessageId: newId("m") };
    const [first, again] = [await send(named), await send(named)];
    assert.deepEqual([first.data.duplicate, again.data.duplicate, again.data.id], [undefined, true, first.data.id]);
    assert.equal((await send({ ...named, content: "Other" })).error.error, "Unprocessable Entity");
    const [plainly, repeated] = [await send({ content: "Twice" }), await send({ content: "Twice" })];
    assert.deepEqual([repeated.data.duplicate, repeated.data.id], [true, plainly.data.id]);
    await until("the second", () => atGrace.named("message:new").length === 2);
    const page = await expecting(200, "GET", `/messages/${ada.userId}?after=0`, { as: grace });
    assert.deepEqual(textsOf(page), ["Hello", "Twice"]);
  });

  test("a receiver who is not connected gets a notification", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    await introduce(grace);
    const sender = await plain(t, "ws", ada);
    sender.say("sendMessage", { receiverId: grace.userId, content: "Are you there?" });
    const { id } = await sender.next("message:sent");
    const list = async () => (await expecting(200, "GET", "/notifications", { as: grace })).notifications;
    const [notification] = await until("the notification", async () => (await list()).length === 1 && list());
    assert.deepEqual([notification.type, notification.data.messageId], ["MESSAGE", id]);
    assert.ok(!JSON.stringify(notification).includes("Are you there?"));
  });

  test("the conversations of a user are in a list, the newest first, with what is unread", async (t) => {
    const { ada, grace, atAda, atGrace } = await pair(t);
    const list = (as, query = "") => expecting(200, "GET", `/conversations${query}`, { as });
    assert.deepEqual(await list(grace), { conversations: [], unreadCount: 0, isComplete: true, nextCursor: null });
    await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: "Hello" });
    await atGrace.next("message:new");
    const { conversations: [first], unreadCount } = await list(grace);
    assert.deepEqual([first.kind, first.user.userId, first.lastMessage.preview, first.unreadCount, unreadCount], ["direct", ada.userId, "Hello", 1, 1]);
    await atGrace.socket.emitWithAck("sendMessage", { receiverId: ada.userId, content: "Good evening" });
    assert.equal((await list(grace)).unreadCount, 0);
    assert.equal((await list(ada, "?limit=1")).conversations[0].lastMessage.preview, "Good evening");
  });

  test("history is read on after the last known number, back before it, and in pages", async (t) => {
    const { ada, grace, atAda } = await pair(t);
    for (const content of ["one", "two", "three"]) {
      await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content });
    }
    const page = (query) => expecting(200, "GET", `/messages/${ada.userId}${query}`, { as: grace });
    assert.deepEqual(textsOf(await page("")), ["three", "two", "one"]);
    assert.deepEqual(textsOf(await page("?after=1")), ["two", "three"]);
    assert.deepEqual(textsOf(await page("?before=3")), ["two", "one"]);
    const first = await page("?after=0&limit=2");
    assert.deepEqual([textsOf(first), first.nextCursor], [["one", "two"], "2"]);
    assert.deepEqual(textsOf(await page(`?after=${first.nextCursor}`)), ["three"]);
    const others = await expecting(200, "GET", `/messages/${ada.userId}`, { as: person() });
    assert.deepEqual(others, { messages: [], nextCursor: null });
  });

  test("a sender deletes a message, and both sides hear of it", async (t) => {
    const { ada, grace, atAda, atGrace } = await pair(t);
    const secret = `meet me at ${crypto.randomUUID()}`;
    await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: secret });
    const { id } = await atGrace.next("message:new");
    const path = (other) => `/messages/${other.userId}/${encodeURIComponent(id)}`;
    assert.equal((await call("DELETE", path(ada), { as: grace })).status, 403);
    assert.equal((await call("DELETE", path(ada), { as: person() })).status, 404);
    const { message } = await expecting(200, "DELETE", path(grace), { as: ada });
    assert.deepEqual([message.id, message.content], [id, null]);
    for (const [at, other] of [[atAda, grace], [atGrace, ada]]) {
      const deleted = await at.next("message:deleted");
      assert.deepEqual([deleted.userId, deleted.messageId, deleted.seq], [other.userId, id, 1]);
    }
    assert.deepEqual(textsOf(await expecting(200, "GET", `/messages/${ada.userId}`, { as: grace })), [null]);
    assert.equal(await itemsMentioning(secret), 0);
  });

  test("a faulty event gets an error that names it, and nothing is stored", async (t) => {
    const { ada, grace, atAda } = await pair(t);
    const client = await plain(t, "ws", ada);
    const marker = newId("text");
    const amiss = [
      ["sendMessage", {}],
      ["sendMessage", { receiverId: "a b", content: marker }],
      ["sendMessage", { receiverId: ada.userId, content: marker }],
      ["sendMessage", { receiverId: grace.userId, content: "" }],
      ["sendMessage", { receiverId: grace.userId, content: marker.padEnd(4_001, "x") }],
      ["sendMessage", { receiverId: grace.userId, content: { ciphertext: marker, nonce: "x", keyVersion: 1 } }],
      ["sendMessage", { receiverId: grace.userId, content: marker, clientMessageId: "" }],
      ["typing", { receiverId: grace.userId, isTyping: "yes" }],
      ["markAsRead", { messageId: marker }],
      ["markAsRead", { messageId: 7 }],
      ["subscribe", { channels: ["referrals"] }],
    ];
    for (const [event, data] of amiss) {
      const before = client.named("error").length;
      client.say(event, data);
      await until(`an error for ${event} ${JSON.stringify(data)}`, () => client.named("error").length > before);
      assert.equal(client.named("error")[before].event, event);
    }
    assert.equal(await itemsMentioning(marker), 0);
    // Socket.IO's acknowledgement says so, too.
    atAda.socket.offAnyOutgoing();
    const { error } = await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId });
    assert.deepEqual([error.error, error.event], ["Bad Request", "sendMessage"]);
    await atAda.next("error");
  });
});

describe("Refusals of messages and keys", () => {
  test("no route opens without a good token", async () => {
    const { userId } = person();
    for (const as of [undefined, { token: token({ sub: userId, exp: inSeconds(-60) }) }]) {
      assert.equal((await call("GET", `/messages/${userId}`, { as })).status, 401);
      assert.equal((await call("GET", "/conversations", { as })).status, 401);
      assert.equal((await call("DELETE", `/messages/${userId}/000000000001-${"0".repeat(32)}`, { as })).status, 401);
      assert.equal((await call("PUT", "/keys", { as, json: { publicKey: KEY } })).status, 401);
      assert.equal((await call("GET", `/keys/${userId}`, { as })).status, 401);
    }
  });

  test("malformed and too large requests are refused, and no key is written", async () => {
    const ada = person("Ada");
    for (const query of ["?after=x", "?before=-1", "?after=1&before=2", "?limit=0", "?limit=101"]) {
      assert.equal((await call("GET", `/messages/grace${query}`, { as: ada })).status, 400, query);
    }
    for (const query of ["?limit=0", "?limit=51", "?cursor=x"]) {
      assert.equal((await call("GET", `/conversations${query}`, { as: ada })).status, 400, query);
    }
    assert.equal((await call("GET", "/messages/a%20b", { as: ada })).status, 400);
    assert.equal((await call("DELETE", `/messages/a%20b/000000000001-${"0".repeat(32)}`, { as: ada })).status, 400);
    assert.equal((await call("GET", "/keys/a%20b", { as: ada })).status, 400);
    const bad = [
      [400, { body: "{", headers: { "content-type": "application/json" } }],
      [400, { json: {} }],
      [400, { json: { publicKey: "not base64" } }],
      [400, { json: { publicKey: Buffer.alloc(31, 1).toString("base64") } }],
      [400, { json: { publicKey: Buffer.alloc(32).toString("base64") } }],
      [413, { json: { publicKey: KEY, ignored: "x".repeat(70_000) } }],
      [415, { body: JSON.stringify({ publicKey: KEY }), headers: { "content-type": "text/plain" } }],
    ];
    for (const [status, request] of bad) {
      const answer = await call("PUT", "/keys", { as: ada, ...request });
      assert.equal(answer.status, status, `${JSON.stringify(request).slice(0, 100)}: ${answer.text}`);
    }
    assert.equal((await call("GET", `/keys/${ada.userId}`, { as: ada })).status, 404);
  });
});

describe("Encryption from end to end", () => {
  test("a key has a version that grows, and the same key again keeps it", async () => {
    const ada = person("Ada");
    const save = (publicKey) => expecting(200, "PUT", "/keys", { as: ada, json: { publicKey } });
    const other = Buffer.alloc(32, 7).toString("base64");
    assert.deepEqual([await save(KEY), await save(KEY)], [{ publicKey: KEY, version: 1 }, { publicKey: KEY, version: 1 }]);
    assert.equal((await save(other)).version, 2);
    assert.deepEqual(await expecting(200, "GET", `/keys/${ada.userId}`, { as: person() }), { publicKey: other, version: 2 });
  });

  test("only its receiver can read an end-to-end encrypted message", async (t) => {
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
    await atAda.next("message:sent");
    const seen = JSON.stringify([atAda.events, atGrace.events]);
    assert.ok(seen.includes(content.ciphertext) && !seen.includes(secret));
    const logs = await promisify(execFile)(process.env.CARILLON_LOCAL, ["logs"], { maxBuffer: 64 * 1024 * 1024 });
    assert.match(logs.stdout, /SocketMessage/);
    assert.ok(!logs.stdout.includes(secret) && !logs.stdout.includes(content.ciphertext));
    assert.equal(await itemsMentioning(secret), 0);
  });
});
