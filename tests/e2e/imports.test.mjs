// The data of the five systems that Carillon replaces: from a small database of each, through its script in docs/migrate, to the routes of members.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { asGuest, staffPath } from "./support/guest-chat.mjs";
import { guestChat, leases, messages, parties, readingRooms } from "./support/migration.mjs";
import { guestOf, newHotel, newId, person, service } from "./support/people.mjs";

const NDJSON = { "content-type": "application/x-ndjson" };
const run = promisify(execFile);

/** Imports a team's database; every line ends in this way. A person's own message is a read mark already, so an earlier mark changes nothing. */
async function imported(database, way = "created") {
  const lines = database.lines();
  const report = await expecting(200, "POST", "/imports", { as: service(), body: lines, headers: NDJSON });
  const isExpected = ({ kind, result }) => result === way || (kind === "readMark" && result === "unchanged");
  assert.deepEqual(report.results.filter((line) => !isExpected(line)), []);
  assert.equal(report.results.length, lines.trim().split("\n").length);
}

test("kudos and notifications of a NestJS app are where its members look for them", async () => {
  const [author, giver, reader, book] = [person("Jane"), person("Ben"), person("Ada"), newId("book")];
  const database = readingRooms({ author, giver, reader, book });
  await imported(database);
  await imported(database, "unchanged");
  const { kudos } = await expecting(200, "GET", "/kudos", { as: reader });
  assert.deepEqual(kudos.map(({ sessionId, fromUser, bookTitle }) => [sessionId, fromUser.displayName, bookTitle]), [["s-2", "Ben", "Emma"], ["s-1", "Ben", "Emma"]]);
  const list = await expecting(200, "GET", "/notifications", { as: reader });
  assert.deepEqual([list.unreadCount, list.notifications.length, list.notifications[0].readAt], [2, 3, null]);
  assert.ok(list.notifications[1].readAt);
  await expecting(200, "POST", `/notifications/${list.notifications[0].notificationId}/read`, { as: reader });
  assert.equal((await expecting(200, "GET", "/notifications/unread-count", { as: reader })).unreadCount, 1);
});

test("parties of an Express app go on with their members and invitations", async () => {
  const [owner, member, invitee, party] = [person("Ada"), person("Ben"), person("Cy"), newId("party")];
  await imported(parties({ owner, member, invitee, party }));
  const found = await expecting(200, "GET", `/parties/${party}`, { as: member });
  assert.deepEqual([found.partyName, found.ownerId, found.settings, found.members.length], ["Readers", owner.userId, { genre: "SF" }, 2]);
  const { invitations } = await expecting(200, "GET", "/party-invitations", { as: invitee });
  assert.deepEqual(invitations.map(({ partyId, invitedBy }) => [partyId, invitedBy.username]), [[party, "Ada"]]);
  const joined = await expecting(200, "POST", `/parties/${party}/invitations/accept`, { as: invitee });
  assert.equal(joined.members.length, 3);
});

test("direct messages, devices and preferences of a Socket.IO app are there", async () => {
  const [ada, ben, id] = [person("Ada"), person("Ben"), newId("row")];
  await imported(messages({ ada, ben, id }));
  const page = await expecting(200, "GET", `/messages/${ada.userId}?after=0`, { as: ben });
  assert.deepEqual(page.messages.map(({ seq, content, senderId }) => [seq, content, senderId === ada.userId]), [[1, "text 1", true], [2, "text 2", false], [3, "text 3", true]]);
  const { devices } = await expecting(200, "GET", "/notifications/device-tokens", { as: ada });
  assert.deepEqual(devices.map(({ platform }) => platform), ["ios"]);
  const preferences = await expecting(200, "GET", "/notifications/preferences", { as: ada });
  assert.deepEqual([preferences.locale, preferences.types.MESSAGE], ["fr", { inApp: true, push: true, email: false }]);
  assert.equal((await expecting(200, "GET", "/notifications", { as: ada })).notifications[0].title, "Hello");
});

test("a hotel's chat of a Django app goes on with numbers, read marks and unread counts", async () => {
  const [staff, hotel] = [person("Nora"), newHotel()];
  const guest = guestOf(hotel);
  const left = `${guest.booking}-old`;
  await imported(guestChat({ hotel, booking: guest.booking, guestName: "Grace", staff, left }));
  const inbox = async () => (await expecting(200, "GET", `/hotels/${hotel}/chats`, { as: staff })).chats[0];
  const chat = await inbox();
  assert.deepEqual([chat.guestName, chat.unreadCount, chat.lastMessage.preview], ["Grace", 1, "Thanks"]);
  const { chats: closed } = await expecting(200, "GET", `/hotels/${hotel}/chats?state=closed`, { as: staff });
  assert.deepEqual(closed.map(({ bookingId }) => bookingId), [left]);
  const { messages: page } = (await asGuest(guest, "GET", "messages")).body;
  assert.deepEqual(page.map(({ seq, message }) => [seq, message]), [[4, "Thanks"], [3, undefined], [2, "Yes"], [1, "Is there a pool?"]]);
  const answer = await expecting(201, "POST", staffPath(guest, "messages"), { as: staff, json: { message: "Bye" } });
  assert.equal((answer.message ?? answer).seq, 5);
  assert.equal((await inbox()).unreadCount, 0);
});

test("a lease's chat and requests of a Next.js app go on", async () => {
  const [client, notary, bailId] = [person("Ada"), person("Maître Durand"), newId("bail")];
  await imported(leases({ client, notary, bailId }));
  assert.equal((await expecting(200, "GET", `/leases/${bailId}`, { as: notary })).unreadCount, 1);
  const { requests } = await expecting(200, "GET", `/leases/${bailId}/requests`, { as: client });
  assert.deepEqual(requests.map(({ title, status }) => [title, status]), [["Plan", "accepted"]]);
  const done = await expecting(200, "PATCH", `/leases/${bailId}/requests/${requests[0].requestId ?? requests[0].id}`, { as: client, json: { status: "done" } });
  assert.equal(done.status, "done");
  const page = await expecting(200, "GET", `/leases/${bailId}/messages`, { as: client });
  assert.deepEqual(page.messages.map(({ seq }) => seq), [4, 3, 2, 1]);
});

test("cargo local import sends a file, goes on after a stop, and names the lines that failed", async () => {
  const reader = person("Ada");
  const file = join(mkdtempSync(join(tmpdir(), "carillon-")), "lines.ndjson");
  const kudos = (n) => ({
    kind: "kudos", id: `${reader.userId}-${n}`, giverId: "ben", receiverId: n === 120 ? "b e n" : reader.userId, sessionId: "s", bookTitle: "Emma",
    createdAt: new Date(1_700_000_000_000 + n).toISOString(),
  });
  writeFileSync(file, Array.from({ length: 250 }, (_, n) => `${JSON.stringify(kudos(n))}\n`).join(""));
  const command = (...more) => run(process.env.CARILLON_LOCAL, ["import", file, ...more]).catch((error) => error);
  const first = await command();
  assert.equal(first.code, 1, first.stderr);
  assert.match(first.stdout, /kudos\s+249\s+0\s+0\s+1/);
  assert.match(readFileSync(`${file}.failed.txt`, "utf8"), /^line 121: receiverId must be/);
  assert.equal(JSON.parse(readFileSync(`${file}.failed.ndjson`, "utf8")).id, `${reader.userId}-120`);
  assert.match((await command()).stderr, /Going on after line 250/);
  assert.match((await command("--again")).stdout, /kudos\s+0\s+249\s+0\s+1/);
  const ids = readFileSync(`${file}.ids.ndjson`, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(ids.length, 249);
  assert.deepEqual([ids[0].kind, ids[0].id], ["kudos", `${reader.userId}-0`]);
  const { kudos: listed } = await expecting(200, "GET", "/kudos", { as: reader });
  assert.equal(listed[0].kudosId, ids.at(-1).storedAs);
});

test("a request that is refused whole says why", async () => {
  const line = JSON.stringify({ kind: "book", id: "emma", authorId: "jane" });
  const send = (body, more = {}) => call("POST", "/imports", { as: service(), body, headers: NDJSON, ...more });
  assert.equal((await send("")).status, 400);
  assert.equal((await send(`${line}\n`.repeat(101))).status, 400);
  assert.equal((await send("x".repeat(70_000))).status, 413);
  assert.equal((await send(line, { headers: { "content-type": "application/json" } })).status, 415);
  assert.equal((await send(line, { as: person() })).status, 403);
  assert.equal((await send(line, { as: undefined })).status, 401);
  assert.equal((await send('{"kind": "thing"}')).body.results[0].result, "failed");
});
