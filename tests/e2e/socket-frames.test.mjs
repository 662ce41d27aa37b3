// Frames that no client sends, or that only this server does not accept: each gets an `error` or a refusal, nothing is written, and the
// connection goes on, unless it broke the protocol of Socket.IO. API Gateway itself ends connections on binary frames and on large ones.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { newId, person } from "./support/people.mjs";
import { itemsMentioning, snapshotOf } from "./support/table.mjs";
import { connectIo } from "./support/sockets.mjs";
import { until } from "./support/wait.mjs";
import { engine, joined, plain } from "./support/websocket.mjs";

const LARGE = 40_000;
// The codes with which API Gateway ends a connection.
const [BINARY, TOO_LARGE] = [1003, 1009];

/**
 * Sends each frame on a connection that `connect` makes, and asserts that it ends as stated, with the table as it was. An outcome
 * is the expected frame, "closed", or the code with which it is closed.
 */
async function refuses(frames, connect) {
  for (const [what, frame, outcome, marker] of frames) {
    const ada = person("Ada");
    const connection = await connect(ada);
    // The rows of a connection that has ended are gone, and so are its pending messages; the remaining rows do not change.
    const ends = !(outcome instanceof RegExp);
    const before = ends ? [] : await settled(ada.userId);
    const seen = connection.frames.length;
    connection.send(frame);
    if (ends) {
      const code = await connection.closed().catch((error) => assert.fail(`${what}: ${error.message}; it was told ${connection.frames.slice(seen)}`));
      if (outcome !== "closed") {
        assert.equal(code, outcome, what);
      }
      await until(`${what}: the end of its rows`, async () => (await places(ada.userId)).length === 0);
    } else {
      const told = await connection.frame((text) => outcome.test(text), seen).catch((error) => assert.fail(`${what}: ${error.message}`));
      assert.ok(!told.includes("x".repeat(100)), `${what} is repeated`);
      assert.ok(connection.isOpen(), `${what} ended the connection`);
      assert.deepEqual(await snapshotOf(ada.userId), before, what);
    }
    assert.equal(await itemsMentioning(marker), 0, `${what} was written`);
    connection.socket.terminate();
  }
}

/** The rows that speak of a user, once nothing is owed. */
const settled = (userId) =>
  until("the delivery of what is owed", async () => {
    const rows = await snapshotOf(userId);
    return rows.every(({ outbox }) => outbox === undefined) && rows;
  });

/** The rows of a user's connections: a user's own row stays for a day, with none in it. */
const places = async (userId) => (await snapshotOf(userId)).filter(({ connections }) => connections?.S !== "[]");

describe("Bad frames", () => {
  test("of plain JSON get an error that says what to send, and the connection goes on, unless API Gateway ends it", async (t) => {
    const marker = newId("marker");
    const error = /^\{"event":"error"/;
    const subscribe = JSON.stringify({ event: "subscribe", data: { channels: [marker] } });
    const frames = [
      ["an empty frame", ""],
      ["words", marker],
      ["half an event", subscribe.slice(0, -4)],
      ["two events", subscribe + subscribe],
      ["an array", `["${marker}"]`],
      ["an event whose name is a number", JSON.stringify({ event: 7, data: { channels: [marker] } })],
      ["an event without a name", JSON.stringify({ data: { channels: [marker] } })],
      ["an unknown event", JSON.stringify({ event: marker })],
      ["a list in place of data", JSON.stringify({ event: "subscribe", data: [marker] })],
      ["text in place of channels", JSON.stringify({ event: "subscribe", data: { channels: marker } })],
      ["a channel that is no text", JSON.stringify({ event: "subscribe", data: { channels: [marker, {}] } })],
      ["a frame of Socket.IO", `42/dashboard,["subscribe",{"channels":["${marker}"]}]`],
      ["lists in lists without end", `{"event":"subscribe","data":${"[".repeat(5_000)}"${marker}"`],
      ["over 32 KB", JSON.stringify({ event: "subscribe", data: { channels: [marker, "x".repeat(LARGE)] } }), TOO_LARGE],
      ["binary data", Buffer.from([0xff, 0xfe, 0, 1, 2]), BINARY],
    ];
    await refuses(
      frames.map(([what, frame, outcome = error]) => [what, frame, outcome, marker]),
      async (ada) => {
        const client = await plain(t, "dashboard", ada);
        await client.next("connected");
        return client;
      },
    );
  });

  test("of Socket.IO get an error or a refusal, and the connection's end where they break the protocol", async (t) => {
    const marker = newId("marker");
    const closed = "closed";
    const error = (namespace) => new RegExp(`^42/${namespace},\\["error",`);
    const frames = [
      ["an empty frame", "", closed],
      ["words", marker, closed],
      ["an unknown kind of packet", `9${marker}`, closed],
      ["a packet that only servers send", `0{"sid":"${marker}"}`, closed],
      ["an empty message", "4", closed],
      ["an unknown kind of message", `4abc${marker}`, closed],
      ["half an event", `42/dashboard,["subscribe",{"channels":["${marker}"`, closed],
      ["an event that is an object", `42/dashboard,{"${marker}":1}`, closed],
      ["an event whose name is a number", `42/dashboard,[7,"${marker}"]`, closed],
      ["an event whose name is reserved", `42/dashboard,["disconnect","${marker}"]`, closed],
      ["an id that is none", `42/dashboard,abc["subscribe",{"channels":["${marker}"]}]`, closed],
      ["an id that no number holds", `42/dashboard,99999999999999999999["subscribe",{"channels":["${marker}"]}]`, error("dashboard")],
      ["an event of an unknown namespace", `42/admin,["subscribe",{"channels":["${marker}"]}]`, /^44\/admin,\{"message":"There are/],
      ["an event of the main namespace", `42["subscribe",{"channels":["${marker}"]}]`, /^44\{"message":"There are/],
      ["an unknown namespace", `40/${marker},`, /^44\/marker-[-0-9a-f]+,\{"message":"Invalid namespace"\}$/],
      ["a stage in place of a namespace", `40/socketio,{"x":"${marker}"}`, /^44\/socketio,\{"message":"Invalid namespace"\}$/],
      ["a namespace that was not joined", `42/ws,["sendMessage",{"receiverId":"ben","content":"${marker}"}]`, error("(ws|dashboard)")],
      ["an unknown event", `42/dashboard,["${marker}"]`, error("dashboard")],
      ["text in place of data", `42/dashboard,["subscribe","${marker}"]`, error("dashboard")],
      ["an acknowledgement of nothing", `42/dashboard,5["subscribe",{"channels":7,"x":"${marker}"}]`, /^43\/dashboard,5\[\{"error":/],
      ["an attachment", `451-/dashboard,["subscribe",{"_placeholder":true,"num":0},"${marker}"]`, error("dashboard")],
      ["an attachment with an id", `451-/dashboard,5["subscribe",{"_placeholder":true,"num":0},"${marker}"]`, /^43\/dashboard,5\[\{"error":/],
      ["binary data as text", "bAQID", error("dashboard")],
      ["binary data", Buffer.from([1, 2, 3, 4]), BINARY],
      ["over 32 KB", `42/dashboard,["subscribe",{"channels":["${marker}","${"x".repeat(LARGE)}"]}]`, TOO_LARGE],
      ["half an emoji", `42/dashboard,5["subscribe",{"channels":["${marker}\\ud83d"]}]`, /^43\/dashboard,5\[\{"error":/],
      ["lists in 200 lists", `42/dashboard,5["subscribe",${"[".repeat(200)}"${marker}"${"]".repeat(200)}]`, /^43\/dashboard,5\[\{"error":/],
    ];
    await refuses(
      frames.map(([what, frame, outcome]) => [what, frame, outcome, marker]),
      (ada) => joined(t, ada, "dashboard"),
    );
  });

  test("an event in a namespace that was not joined is answered by the refusal of the namespace", async (t) => {
    const connection = await engine(t, person("Ada"));
    connection.send('42/dashboard,["subscribe",{"channels":["referrals"]}]');
    await connection.frame((frame) => frame === '44/dashboard,{"message":"Join /dashboard first"}');
    assert.ok(connection.isOpen());
  });

  test("of socket.io-client with retries are acknowledged once, and it stays connected", async (t) => {
    const client = connectIo(t, "ws", person("Ada"), { retries: 3, ackTimeout: 20_000 });
    const left = [];
    client.socket.on("disconnect", (reason) => left.push(reason));
    const ben = person("Ben");
    const receiver = connectIo(t, "ws", ben);
    await until("the connections", () => client.socket.connected && receiver.socket.connected);
    let deep = "x";
    for (let n = 0; n < 200; n += 1) {
      deep = [deep];
    }
    for (const content of ["\u{1f44b}".slice(0, 1), deep, "x".repeat(20_000)]) {
      const answer = await new Promise((resolve) => client.socket.emit("sendMessage", { receiverId: "ben", content }, (_, data) => resolve(data)));
      assert.equal(answer?.error?.error, "Bad Request", JSON.stringify(answer));
    }
    const { ok } = await new Promise((resolve) =>
      client.socket.emit("sendMessage", { receiverId: ben.userId, content: "a whole \u{1f44b}" }, (_, data) => resolve(data)),
    );
    assert.ok(ok);
    assert.deepEqual(left, []);
  });

  test("a frame that was cut off on its way makes no event, and its connection has ended", async (t) => {
    const [ada, marker] = [person("Ada"), newId("marker")];
    const client = await plain(t, "dashboard", ada);
    await client.next("connected");
    const text = Buffer.from(JSON.stringify({ event: "subscribe", data: { channels: [marker] } }));
    // The header of a whole text frame, masked with zeros, and half of its payload.
    const header = Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 0xff, 0, 0, 0, 0]);
    client.socket._socket.end(Buffer.concat([header, text.subarray(0, text.length / 2)]));
    await until("the end of its rows", async () => (await places(ada.userId)).length === 0);
    assert.equal(await itemsMentioning(marker), 0);
  });
});
