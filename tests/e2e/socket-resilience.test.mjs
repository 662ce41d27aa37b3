// WebSockets when much happens at once, and when parts of it die.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { hasConnection, invokeLater, withoutRoute } from "./support/functions.mjs";
import { newId, person, service } from "./support/people.mjs";
import { cutSockets, killFunction, unavailable } from "./support/processes.mjs";
import { appService, connectIo, rememberingConsole } from "./support/sockets.mjs";
import { ageConnections, connectionIdsIn, connectionsIn, snapshotOf } from "./support/table.mjs";
import { inTime, until } from "./support/wait.mjs";
import { addressIn, plain, refusal } from "./support/websocket.mjs";

/** The namespace without events about strangers: these tests measure connections, not such events. */
const QUIET = "ws";

/** Connections end a moment after their clients. */
const connectionsAre = (namespace, expected) =>
  until(`${expected} connections of /${namespace}`, async () => (await connectionsIn(namespace)) === expected);

/** Connections of a storm. tests/functions/sockets.rs has hundreds, and socket_registry.rs a thousand: nothing depends on the machine there. */
const STORM = 12;

// Each test waits until the connections of the one before have ended, and counts from zero.
describe("Many WebSockets", () => {
  test("of a dozen connections that a user makes at once, exactly five are let in", async (t) => {
    const ada = person("Ada");
    const attempts = await Promise.all(
      Array.from({ length: STORM }, () => plain(t, "dashboard", ada).then(() => "let in", ({ message }) => message)),
    );
    const counted = {};
    attempts.forEach((outcome) => (counted[outcome] = (counted[outcome] ?? 0) + 1));
    assert.deepEqual(counted, { "let in": 5, "refused with 429": STORM - 5 });
    assert.equal((await snapshotOf(ada.userId)).filter(({ pk }) => pk.S.startsWith("SOCKETS#dashboard#")).length, 5);
    assert.equal(await refusal(addressIn("dashboard", ada)), 429);
  });

  test("of a storm of connections of some users, each is let in and counted once", async (t) => {
    await connectionsAre(QUIET, 0);
    const users = Array.from({ length: 4 }, () => person());
    const clients = await Promise.all(Array.from({ length: STORM }, (_, n) => plain(t, QUIET, users[n % users.length])));
    assert.equal(await connectionsIn(QUIET), STORM);
    assert.ok(clients.every((client) => client.isOpen()));
  });

  test("clients that were cut off reconnect by themselves, all at once, and are counted once", { skip: unavailable }, async (t) => {
    await connectionsAre(QUIET, 0);
    const clients = Array.from({ length: STORM }, () => connectIo(t, QUIET, person()));
    const areConnected = () => clients.every(({ socket }) => socket.connected);
    await until("all", areConnected);
    await connectionsAre(QUIET, STORM);
    const cuts = clients.map(({ socket }) => new Promise((resolve) => socket.once("disconnect", resolve)));
    cutSockets();
    await inTime("the cut", Promise.all(cuts));
    await until("all again", areConnected);
    await connectionsAre(QUIET, STORM);
  });
});

describe("Broken WebSockets", { skip: unavailable }, () => {
  test("a dozen that end without $disconnect are forgotten by the next heartbeat", async (t) => {
    await connectionsAre(QUIET, 0);
    const users = Array.from({ length: 4 }, () => person());
    const ended = await Promise.all(Array.from({ length: STORM }, (_, n) => plain(t, QUIET, users[n % users.length])));
    const ids = await connectionIdsIn(QUIET);
    const witness = await plain(t, QUIET, person("Witness"));
    await withoutRoute("$disconnect", async () => {
      ended.forEach(({ socket }) => socket.terminate());
      await until("the end of the connections", async () => !(await Promise.all(ids.map((id) => hasConnection(QUIET, id)))).includes(true));
    });
    assert.equal(await connectionsIn(QUIET), STORM + 1, "somebody said that they ended");
    // One that is younger than ten seconds may not be open yet, so after 410 it is not removed.
    await ageConnections(QUIET);
    await invokeLater("SocketHeartbeat");
    await connectionsAre(QUIET, 1);
    assert.ok(witness.isOpen());
    await witness.next("ping");
    // Their places are free again, and so is each user's share.
    await Promise.all(Array.from({ length: 5 }, () => plain(t, QUIET, users[0])));
  });

  test("an announcement reaches everybody though the function that sends it is killed as soon as one has it", async (t) => {
    await connectionsAre("dashboard", 0);
    // One user after the other, since everybody gets an event for each.
    const clients = [];
    for (const user of [person(), person(), person()]) {
      clients.push(...(await Promise.all(Array.from({ length: 4 }, () => plain(t, "dashboard", user)))));
    }
    const marker = newId("announcement");
    const heard = ({ named }) => named("announcement").some((data) => data.marker === marker);
    let killed = 0;
    for (const { socket } of clients) {
      socket.on("message", () => (killed ||= clients.some(heard) ? killFunction("DashboardEvents") : 0));
    }
    await expecting(202, "POST", "/dashboard/events", { as: service(), json: { event: "announcement", data: { marker } } });
    await until("everybody", () => clients.every(heard));
    assert.ok(killed > 0, "the function was not running");
    // At least once: a post whose answer was late is sent again. That a fan-out goes on where it was is held by tests/functions/.
  });

  test("the app's class comes back by itself when the connection is cut, and history has what it missed", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const console = rememberingConsole();
    const messaging = appService("messaging-service.ts", "messagingService", { console });
    messaging.connect(ada.userId, ada.token);
    cleanUp(t, () => messaging.socket.disconnect());
    // Back before Ada is: Socket.IO waits for half a second at least.
    const other = connectIo(t, "ws", grace, { reconnectionDelay: 10, randomizationFactor: 0 });
    await until("both", () => messaging.socket.connected && other.socket.connected);
    const send = (content) => other.socket.emitWithAck("sendMessage", { receiverId: ada.userId, content });
    await send("one");
    const texts = () => console.said("New message:").map(({ content }) => content);
    const [{ seq }] = await until("the first", () => texts().length === 1 && console.said("New message:"));

    const cut = new Promise((resolve) => messaging.socket.once("disconnect", resolve));
    const otherCut = new Promise((resolve) => other.socket.once("disconnect", resolve));
    cutSockets();
    await inTime("the cut", Promise.all([cut, otherCut]));
    await send("two");
    await until("Ada again", () => messaging.socket.connected);
    await send("three");
    await until("the third", () => texts().includes("three"));
    const { messages } = await expecting(200, "GET", `/messages/${grace.userId}?after=${seq}`, { as: ada });
    assert.deepEqual(messages.map(({ content }) => content), ["two", "three"]);
  });
});
