// The cases of the public test suites of Engine.IO's protocol 4 and Socket.IO's protocol 5
// (github.com/socketio/engine.io-protocol and github.com/socketio/socket.io-protocol, `test-suite/`) that a server can pass which has
// WebSockets alone, the namespaces /dashboard and /ws, and no process between two messages.
//
// Which cases cannot be passed, and why:
//
// | suite | case | why not |
// |---|---|---|
// | both | all of HTTP long-polling (handshake, message, heartbeat, close), all of `upgrade` | API Gateway's WebSocket API has no such transport; a client says `transports: ["websocket"]` |
// | both | the values of `pingInterval`, `pingTimeout` and `maxPayload` | they are settings: the heartbeat's, and API Gateway's 32 KB a frame |
// | both | a session is closed when no pong comes | it is, by the heartbeat after the time-out of a minute (tests/functions/sockets.rs) |
// | Engine.IO | a text packet and a binary packet are echoed | a message holds a packet of Socket.IO here, and events are answered, not echoed; API Gateway sends text only |
// | Socket.IO | the main namespace: connect, with a payload, disconnect | there are /dashboard and /ws; the main one is refused like any other |
// | Socket.IO | the event `auth` that repeats the payload of a connect | the payload may hold the token that signs the client in, and no token is sent back |
// | Socket.IO | packets with binary attachments, with and without acknowledgement | API Gateway sends text only, and ends the connection on a binary frame; a packet that announces attachments is refused by an `error` event, and by the acknowledgement |
// | Socket.IO | a session is closed when it joins no namespace in time | it is, by the first heartbeat after a minute |
//
// A ping comes with the heartbeat, `HeartbeatSeconds` apart and up to a minute late: API Gateway sends none of its own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { invokeLater } from "./support/functions.mjs";
import { person } from "./support/people.mjs";
import { engine, engineAddress, joined, refusal } from "./support/websocket.mjs";

describe("Engine.IO's protocol", () => {
  test("handshake: a session opens, and says what the protocol asks for", async (t) => {
    const { told } = await engine(t, person());
    const { sid, ...rest } = told;
    assert.equal(typeof sid, "string");
    assert.deepEqual(rest, { upgrades: [], pingInterval: 30_000, pingTimeout: 60_000, maxPayload: 32_768 });
  });

  test("handshake: a version that is missing or another is refused", async () => {
    for (const query of ["transport=websocket", "EIO=abc&transport=websocket", "EIO=3&transport=websocket", "EIO=&transport=websocket"]) {
      assert.equal(await refusal(engineAddress(person(), query)), 400, query);
    }
  });

  test("handshake: a transport that is missing or another is refused", async () => {
    for (const query of ["EIO=4", "EIO=4&transport=abc", "EIO=4&transport=polling"]) {
      assert.equal(await refusal(engineAddress(person(), query)), 400, query);
    }
  });

  test("message: a malformed packet ends the session", async (t) => {
    const session = await engine(t, person());
    session.send("abc");
    await session.closed();
  });

  test("heartbeat: the server pings, the client answers, and the session goes on", async (t) => {
    const session = await engine(t, person());
    await invokeLater("SocketHeartbeat");
    await session.frame((frame) => frame === "2");
    session.send("3");
    session.send("2probe");
    await session.frame((frame) => frame === "3probe");
    assert.ok(session.isOpen());
    assert.deepEqual(session.frames.filter((frame) => frame !== "2").length, 2);
  });

  test("heartbeat: a client's own ping is answered with its data", async (t) => {
    const session = await engine(t, person());
    session.send("2");
    await session.frame((frame) => frame === "3");
    session.send("2probe");
    await session.frame((frame) => frame === "3probe");
  });

  test("close: a close packet ends the session", async (t) => {
    const session = await engine(t, person());
    session.send("1");
    await session.closed();
  });
});

describe("Socket.IO's protocol", () => {
  test("connect: a namespace is joined, with a payload and without", async (t) => {
    for (const [frame, prefix] of [["40/dashboard,", "40/dashboard,"], ["40/ws", "40/ws,"], ['40/ws,{"token":"abc"}', "40/ws,"]]) {
      const session = await engine(t, person());
      session.send(frame);
      const answer = await session.frame((text) => text.startsWith("40"));
      assert.ok(answer.startsWith(prefix), answer);
      const { sid, ...rest } = JSON.parse(answer.slice(prefix.length));
      assert.deepEqual([typeof sid, rest], ["string", {}]);
      assert.notEqual(sid, session.told.sid);
    }
  });

  test("connect: an unknown namespace is refused, and so is the main one", async (t) => {
    const session = await engine(t, person());
    session.send("40/random");
    assert.equal(await session.frame((text) => text.startsWith("44/random")), '44/random,{"message":"Invalid namespace"}');
    session.send("40");
    assert.equal(await session.frame((text) => text.startsWith("44{")), '44{"message":"Invalid namespace"}');
    assert.ok(session.isOpen());
  });

  test("connect: a malformed handshake ends the session", async (t) => {
    const session = await engine(t, person());
    session.send("4abc");
    await session.closed();
  });

  test("disconnect: a client that leaves a namespace stays in the other one", async (t) => {
    const session = await joined(t, person(), "dashboard");
    session.send("40/ws,");
    await session.frame((text) => text.startsWith("40/ws,"));
    session.send("41/ws,");
    session.send('42/dashboard,["subscribe",{"channels":["referrals"]}]');
    assert.equal(await session.frame((text) => text.includes('"subscribed"')), '42/dashboard,["subscribed",{"channels":["referrals"]}]');
    assert.ok(session.isOpen());
  });

  test("message: an event is answered by an event", async (t) => {
    const session = await joined(t, person("Ada", null, { channels: ["1", "2"] }), "dashboard");
    session.send('42/dashboard,["subscribe",{"channels":["1","2"]},1,"2",{"3":[true]}]');
    assert.equal(await session.frame((text) => text.includes('"subscribed"')), '42/dashboard,["subscribed",{"channels":["1","2"]}]');
  });

  test("message: an event with an id is acknowledged under it", async (t) => {
    const session = await joined(t, person(), "dashboard");
    session.send('42/dashboard,456["subscribe",{"channels":["referrals"]}]');
    const answer = await session.frame((text) => text.startsWith("43/dashboard,456["));
    assert.deepEqual(JSON.parse(answer.slice("43/dashboard,456".length)), [{ ok: true, data: { channels: ["referrals"] } }]);
  });

  for (const [what, frame] of [
    ["an unknown kind of packet", "4abc"],
    ["a payload that is none", "42/dashboard,{}"],
    ["an id that is none", '42/dashboard,abc["subscribe",{"channels":["referrals"]}]'],
  ]) {
    test(`message: ${what} ends the connection`, async (t) => {
      const session = await joined(t, person(), "dashboard");
      session.send(frame);
      await session.closed();
    });
  }
});
