// WebSockets when much happens at once, and when parts of it die.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { invokeLater, withoutRoute } from "./support/functions.mjs";
import { newId, person, service } from "./support/people.mjs";
import { cutSockets, killFunction, unavailable } from "./support/processes.mjs";
import { appService, connectIo, rememberingConsole } from "./support/sockets.mjs";
import { connectionsIn, snapshotOf } from "./support/table.mjs";
import { until } from "./support/wait.mjs";
import { addressIn, many, plain, refusal } from "./support/websocket.mjs";

const LATE = 90_000;
/** A connection that is younger than this may not be open yet: 410 is no reason to remove it. */
const OPENING_MS = 10_000;
/** The namespace in which nobody is told of strangers: what is measured here are connections, not that news. */
const QUIET = "ws";

/** Connections end a moment after their clients. */
const connectionsAre = (namespace, expected, within = LATE) =>
  until(`${expected} connections of /${namespace}`, async () => (await connectionsIn(namespace)) === expected, within);

/** How much at once the emulator has functions for: each invocation is a process, on a machine with few cores. */
const AT_ONCE = 25;

/** Ends connections, a few at a time. */
async function leave(namespace, clients) {
  const others = (await connectionsIn(namespace)) - clients.length;
  for (let from = 0; from < clients.length; from += AT_ONCE) {
    clients.slice(from, from + AT_ONCE).forEach(({ socket }) => socket.close());
    await connectionsAre(namespace, others + Math.max(0, clients.length - from - AT_ONCE));
  }
}

describe("Many WebSockets", () => {
  test("of fifty connections that a user makes at once, exactly five are let in", async (t) => {
    const ada = person("Ada");
    const attempts = await Promise.all(
      Array.from({ length: 50 }, () => plain(t, "dashboard", ada).then(() => "let in", ({ message }) => message)),
    );
    const counted = {};
    attempts.forEach((outcome) => (counted[outcome] = (counted[outcome] ?? 0) + 1));
    assert.deepEqual(counted, { "let in": 5, "refused with 429": 45 });
    assert.equal((await snapshotOf(ada.userId)).filter(({ pk }) => pk.S.startsWith("SOCKETS#dashboard#")).length, 5);
    assert.equal(await refusal(addressIn("dashboard", ada)), 429);
  });

  test("of a storm of three hundred connections of a hundred users, each is let in and counted once", async (t) => {
    await connectionsAre(QUIET, 0);
    const users = Array.from({ length: 100 }, () => person());
    const clients = await many(300, (n) => plain(t, QUIET, users[n % 100]), AT_ONCE);
    assert.equal(await connectionsIn(QUIET), 300);
    assert.ok(clients.every((client) => client.isOpen()));
    await leave(QUIET, clients);
  });

  test("whoever was cut off comes back by themselves, all at once, and is counted once", { skip: unavailable }, async (t) => {
    await connectionsAre(QUIET, 0);
    const clients = await many(AT_ONCE, () => connectIo(t, QUIET, person()));
    const areConnected = () => clients.every(({ socket }) => socket.connected);
    await until("all", areConnected, LATE);
    await connectionsAre(QUIET, AT_ONCE);
    cutSockets();
    await until("the cut", () => clients.every(({ socket }) => !socket.connected), LATE);
    await until("all again", areConnected, LATE);
    await connectionsAre(QUIET, AT_ONCE);
    await leave(QUIET, clients);
  });
});

describe("Broken WebSockets", { skip: unavailable }, () => {
  test("two hundred that end without $disconnect are forgotten by the next heartbeat", async (t) => {
    await connectionsAre(QUIET, 0);
    const users = Array.from({ length: 40 }, () => person());
    const witness = await plain(t, QUIET, person("Witness"));
    const clients = await many(200, (n) => plain(t, QUIET, users[n % 40]));
    await withoutRoute("$disconnect", async () => {
      clients.forEach(({ socket }) => socket.terminate());
      await pause(OPENING_MS);
      assert.equal(await connectionsIn(QUIET), 201, "somebody said that they ended");
    });
    await invokeLater("SocketHeartbeat");
    await connectionsAre(QUIET, 1);
    assert.ok(witness.isOpen());
    await witness.next("ping");
    // Their places are free again, and so is each user's share.
    await Promise.all(Array.from({ length: 5 }, () => plain(t, QUIET, users[0])));
  });

  test("an announcement reaches everybody though the function that sends it is killed half-way", async (t) => {
    await connectionsAre("dashboard", 0);
    // One user after the other, since everybody is told of each.
    const users = Array.from({ length: 20 }, () => person());
    const clients = await many(100, (n) => plain(t, "dashboard", users[Math.floor(n / 5)]), 5);
    const marker = newId("announcement");
    const heard = ({ named }) => named("announcement").filter((data) => data.marker === marker).length;
    await expecting(202, "POST", "/dashboard/events", { as: service(), json: { event: "announcement", data: { marker } } });
    await until("the first", () => clients.some((client) => heard(client) > 0));
    assert.ok(killFunction("DashboardEvents") > 0, "the function was not running");
    await pause(500);
    const atTheKill = clients.filter((client) => heard(client) > 0).length;
    assert.ok(atTheKill < 100, "it was not killed half-way");
    await until("everybody", () => clients.every((client) => heard(client) > 0), LATE);
    // At least once: a post whose answer was late is sent again. That a fan-out goes on where it was is held by tests/functions/.
    await leave("dashboard", clients);
  });

  test("the app's class comes back by itself when the connection is cut, and history has what it missed", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const console = rememberingConsole();
    const messaging = appService("messaging-service.ts", "messagingService", { console });
    messaging.connect(ada.userId, ada.token);
    t.after(() => messaging.socket.disconnect());
    // Back before Ada is: Socket.IO waits for half a second at least.
    const other = connectIo(t, "ws", grace, { reconnectionDelay: 10, randomizationFactor: 0 });
    await until("both", () => messaging.socket.connected && other.socket.connected, LATE);
    const send = (content) => other.socket.emitWithAck("sendMessage", { receiverId: ada.userId, content });
    await send("one");
    const texts = () => console.said("New message:").map(({ content }) => content);
    const [{ seq }] = await until("the first", () => texts().length === 1 && console.said("New message:"));

    cutSockets();
    await until("the cut", () => !messaging.socket.connected && !other.socket.connected, LATE);
    await send("two");
    await until("Ada again", () => messaging.socket.connected, LATE);
    await send("three");
    await until("the third", () => texts().includes("three"));
    const { messages } = await expecting(200, "GET", `/messages/${grace.userId}?after=${seq}`, { as: ada });
    assert.deepEqual(messages.map(({ content }) => content), ["two", "three"]);
  });
});
