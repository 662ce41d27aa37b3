// API Gateway, Lambda and DynamoDB as they are on AWS, where emulators are kinder: local/bridge/ministack/ makes ours do the same, and
// clients and functions cope.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { aws } from "./support/aws.mjs";
import { deleteExpired, happened, withFaults } from "./support/faults.mjs";
import { hasConnection, holdDeliveries, socketApi, throttle } from "./support/functions.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { countProcesses, freezeFunction, killFunction, unavailable } from "./support/processes.mjs";
import { take } from "./support/queue.mjs";
import { connectIo, SOCKETS } from "./support/sockets.mjs";
import { stack } from "./support/stack.mjs";
import { connectionIdsIn, nothingIsOwedTo, owe, snapshotOf } from "./support/table.mjs";
import { inTime, until } from "./support/wait.mjs";
import { addressIn, joined, open, plain, refusal } from "./support/websocket.mjs";

/** API Gateway's own frame, with its spaces. */
const ERROR = /^\{"message": "Internal server error", "connectionId":"[^"]+", "requestId":"[^"]+"\}$/;

const subscribe = (...channels) => JSON.stringify({ event: "subscribe", data: { channels } });

/** A connection of plain JSON whose frames are not held against docs/asyncapi.yaml: API Gateway's are in no document of ours. */
const raw = async (t, namespace, user) => {
  const connection = await open(t, addressIn(namespace, user));
  await connection.frame((frame) => frame.includes("connected") || namespace === "ws");
  return connection;
};

describe("A function of WebSockets that fails", () => {
  test("a throttled message is answered by API Gateway's frame, and the connection goes on", async (t) => {
    const client = await raw(t, "dashboard", person());
    const release = await throttle(t, "SocketMessage");
    client.send(subscribe("referrals"));
    await client.frame((frame) => ERROR.test(frame));
    await release();
    client.send(subscribe("referrals"));
    await client.frame((frame) => frame.includes('"subscribed"'));
    assert.ok(client.isOpen());
  });

  test("so is a message whose function crashes", { skip: unavailable }, async (t) => {
    const client = await raw(t, "dashboard", person());
    // One process, which has the next frame. The frame after that is another one's: its answer proves that the first is being handled.
    killFunction("SocketMessage");
    await until("the end of all processes", () => countProcesses("SocketMessage") === 0);
    client.send(subscribe("referrals"));
    await client.frame((frame) => frame.includes("referrals"));
    freezeFunction("SocketMessage");
    client.send(subscribe("events"));
    client.send(subscribe("projects"));
    await client.frame((frame) => frame.includes("projects"));
    assert.ok(!client.frames.some((frame) => ERROR.test(frame) || frame.includes("events")));
    killFunction("SocketMessage");
    await client.frame((frame) => ERROR.test(frame));
    assert.ok(client.isOpen());
  });

  test("the real socket.io-client closes on the frame, connects again by itself, and its next message arrives", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const client = connectIo(t, "ws", ada, { reconnectionDelay: 10 });
    const receiver = connectIo(t, "ws", ben);
    await until("both", () => client.socket.connected && receiver.socket.connected);
    const left = new Promise((resolve) => client.socket.once("disconnect", resolve));
    const release = await throttle(t, "SocketMessage");
    client.socket.emit("sendMessage", { receiverId: ben.userId, content: "lost" });
    // Its name for a packet that is not one of Engine.IO.
    assert.equal(await inTime("the end of the connection", left), "transport error");
    await release();
    await until("Ada again", () => client.socket.connected);
    const { ok } = await client.socket.emitWithAck("sendMessage", { receiverId: ben.userId, content: "kept" });
    assert.ok(ok);
    assert.equal((await receiver.next("message:new")).content, "kept");
  });

  test("a handshake whose function is throttled is refused, and socket.io-client tries again", async (t) => {
    const release = await throttle(t, "SocketConnect");
    assert.equal(await refusal(addressIn("ws", person())), 502);
    const { socket } = connectIo(t, "ws", person(), { reconnectionDelay: 10 });
    await inTime("a refusal", new Promise((resolve) => socket.once("connect_error", resolve)));
    await release();
    await until("a connection", () => socket.connected);
  });
});

describe("API Gateway's WebSockets", () => {
  test("the address is a stage's, and any other path is 403", async (t) => {
    const token = person().token;
    for (const path of ["ws/more", "dashboard/online", "other", ""]) {
      assert.equal(await refusal(`${SOCKETS}/${path}?token=${token}`), 403, path);
      const itself = `${stack.awsEndpoint.replace(/^http/, "ws")}/_aws/execute-api/${await socketApi()}/${path}`;
      assert.equal(await refusal(`${itself}?token=${token}`), 403, path);
    }
    // API Gateway's own guide connects with a slash at the end.
    await open(t, `${SOCKETS}/ws/?token=${token}`);
  });

  test("no compression is negotiated, though clients offer it", async (t) => {
    const { socket } = await raw(t, "dashboard", person());
    assert.equal(socket.extensions, "");
  });

  test("a frame has at most 32 KB, and a message of several frames 128 KB", async (t) => {
    const frames = async (...sizes) => {
      const client = await raw(t, "dashboard", person());
      sizes.forEach((size, n) => client.socket.send("x".repeat(size), { fin: n === sizes.length - 1 }));
      return client;
    };
    for (const sizes of [[32_768], [32_768, 32_768, 32_768, 32_768], [10, 20, 30]]) {
      const client = await frames(...sizes);
      // It reaches the function, which has limits of its own.
      await client.frame((frame) => frame.startsWith('{"event":"error"'));
      assert.ok(client.isOpen(), `${sizes}`);
    }
    for (const sizes of [[32_769], [10, 32_769], [32_768, 32_768, 32_768, 32_768, 1]]) {
      assert.equal(await (await frames(...sizes)).closed(), 1009, `${sizes}`);
    }
  });

  test("a connection that opens late gets its greeting, though it cannot be posted to before", async (t) => {
    const [before, ada, grace] = [await happened("openings"), person("Ada"), person("Grace")];
    await withFaults(t, { openingMs: 1_200 });
    const opening = plain(t, "dashboard", ada);
    const [id] = await until("its row", async () => {
      const rows = await snapshotOf(ada.userId);
      const found = rows.map(({ pk }) => pk.S).filter((pk) => /^SOCKET#/.test(pk));
      return found.length > 0 && found.map((pk) => pk.slice("SOCKET#".length));
    });
    assert.equal(await hasConnection("dashboard", id), false, "410 while it opens");
    const client = await opening;
    await client.next("connected");
    const session = await joined(t, grace, "dashboard");
    await session.frame((frame) => frame.includes('"connected"'));
    assert.ok((await connectionIdsIn("dashboard")).includes(id), "it was not taken for one that has ended");
    assert.equal(await happened("openings"), before + 2);
  });

  test("posts of more than 128 KB are 413", async (t) => {
    const user = person();
    await raw(t, "dashboard", user);
    const [id] = (await snapshotOf(user.userId)).flatMap(({ pk }) => (pk.S.startsWith("SOCKET#") ? [pk.S.slice("SOCKET#".length)] : []));
    const path = `/_aws/execute-api/${await socketApi()}/dashboard/@connections/${id}`;
    await assert.rejects(aws("execute-api", path, { method: "POST", json: "x".repeat(131_072) }), / with 413/);
  });
});

describe("Frames of one connection that are handled at once", () => {
  const AT_ONCE = 8;

  test("subscribe to channels, and none is lost", async (t) => {
    const channels = Array.from({ length: AT_ONCE }, (_, n) => `c${n}`);
    const ada = person("Ada", null, { channels });
    const client = await plain(t, "dashboard", ada);
    await client.next("connected");
    await withFaults(t, { framesMs: 300 });
    channels.forEach((channel) => client.say("subscribe", { channels: [channel] }));
    const all = (subscribed) => subscribed.length === AT_ONCE;
    const last = await client.next("subscribed", ({ channels: subscribed }) => all(subscribed));
    assert.deepEqual(last.channels.toSorted(), channels);
    await until("an answer to each", () => client.named("subscribed").length === AT_ONCE);
    const [place] = (await snapshotOf(ada.userId)).filter(({ pk }) => pk.S.startsWith("SOCKETS#dashboard#"));
    assert.deepEqual(place.channels.L.map(({ S }) => S).toSorted(), channels);
  });

  test("join both namespaces of Socket.IO, and leave one again", async (t) => {
    const ada = person("Ada");
    await withFaults(t, { framesMs: 300 });
    const session = await joined(t, ada, "dashboard");
    session.send("40/ws,");
    session.send("40/ws,");
    session.send('42/dashboard,["subscribe",{"channels":["referrals"]}]');
    await session.frame((frame) => frame.startsWith("40/ws,"));
    await session.frame((frame) => frame.includes('"subscribed"'));
    const places = async (namespace) => (await snapshotOf(ada.userId)).filter(({ pk }) => pk.S.startsWith(`SOCKETS#${namespace}#`));
    await until("two answers", () => session.frames.filter((frame) => frame.startsWith("40/ws,")).length === 2);
    assert.deepEqual([(await places("ws")).length, (await places("dashboard")).length], [1, 1]);
    session.send("41/ws,");
    await until("the end of its place", async () => (await places("ws")).length === 0);
    assert.ok(session.isOpen());
  });

  test("send messages, which are numbered without gaps, acknowledged once, and arrive once", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const [client, receiver] = [connectIo(t, "ws", ada), connectIo(t, "ws", ben)];
    await until("both", () => client.socket.connected && receiver.socket.connected);
    await withFaults(t, { framesMs: 300 });
    const texts = Array.from({ length: AT_ONCE }, (_, n) => `message ${n}`);
    const answers = await inTime("the acknowledgements", Promise.all(
      texts.map((content) => client.socket.emitWithAck("sendMessage", { receiverId: ben.userId, content })),
    ));
    assert.ok(answers.every(({ ok }) => ok), JSON.stringify(answers));
    const arrived = () => receiver.named("message:new");
    await until("all", () => arrived().length >= AT_ONCE);
    await client.socket.emitWithAck("sendMessage", { receiverId: ben.userId, content: "the last" });
    await until("the last", () => arrived().some(({ content }) => content === "the last"));
    texts.push("the last");
    assert.deepEqual(arrived().map(({ content }) => content).toSorted(), texts.toSorted());
    assert.deepEqual(arrived().map(({ seq }) => seq).toSorted((a, b) => a - b), texts.map((_, n) => n + 1));
    assert.ok((await happened("frames")) >= AT_ONCE);
  });
});

describe("The table's stream", () => {
  const EVENTS = 24;

  test("with shards that are late and go back, each event arrives, and once", async (t) => {
    const ada = person("Ada");
    const channel = `private-user-${ada.userId}`;
    const listener = await listen(t, ada, { foreign: ["test:event"] });
    await listener.subscribe(channel);
    const [repeats, late] = [await happened("repeats"), await happened("late")];
    await withFaults(t, { stream: { repeats: 0.6, late: 0.6, lateMs: 700 }, seed: 11 });
    const ids = Array.from({ length: EVENTS }, () => newId("event"));
    for (const id of ids) {
      await owe({ channel, event: "test:event", data: { id } });
    }
    const heard = () => listener.history((data) => ids.includes(data?.id)).map(({ id }) => id);
    await until("all", () => new Set(heard()).size === EVENTS);
    await nothingIsOwedTo(channel);
    assert.deepEqual(heard().toSorted(), ids.toSorted());
    await until("repeated and late batches", async () => (await happened("repeats")) > repeats && (await happened("late")) > late);
  });

  test("a row that DynamoDB deletes past its expiry while it owes something becomes a dead letter", async (t) => {
    const [channel, marker] = [`private-user-${newId("user")}`, newId("marker")];
    const release = await holdDeliveries(t);
    await owe({ channel, event: "test:event", data: { marker } }, { expiresIn: -3 * 86_400 });
    assert.ok((await deleteExpired()) >= 1);
    await release();
    const [letter] = await until("the dead letter", async () => {
      const letters = await take(stack.deadLetterQueueUrl, marker);
      return letters.length > 0 && letters;
    });
    assert.match(JSON.stringify(letter), new RegExp(channel));
  });
});
