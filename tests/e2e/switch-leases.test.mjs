// A team with Next.js and Pusher moves its leases' chats to Carillon, and back again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expecting } from "./support/api.mjs";
import { hearFacts } from "./support/facts.mjs";
import { leasePath, writes } from "./support/lease-chat.mjs";
import { listen } from "./support/listener.mjs";
import { leases } from "./support/migration.mjs";
import { newId, person, service } from "./support/people.mjs";
import { actFor, imported, nothingIsLeft } from "./support/switch.mjs";

test("a Next.js app's chats and requests go on here, and come back", async (t) => {
  const [client, notary, clerk, stranger, bailId] = [person("Ada"), person("Maître Durand"), person("Zoé"), person("Max"), newId("bail")];
  const lease = { bailId };
  const database = leases({ client, notary, bailId, clerk });
  const ids = await imported(database, {
    profile: 'SELECT count(*) FROM "User"',
    lease: 'SELECT count(*) FROM "Bail"',
    leaseRequest: 'SELECT count(*) FROM "NotaryRequest"',
    message: 'SELECT count(*) FROM "Message"',
    readMark: 'SELECT count(*) FROM "ChatRead"',
  });
  const bus = await hearFacts(t);

  // Both pages: pusher-js on the lease's presence channel.
  const foreign = ["client-typing"];
  const [atClient, atNotary] = [await listen(t, client, { foreign }), await listen(t, notary, { foreign })];
  await atNotary.subscribe(`presence-bail-${bailId}`);
  await atClient.subscribe(`presence-bail-${bailId}`);
  await atNotary.next("pusher:member_added", { id: client.userId });
  const page = await expecting(200, "GET", leasePath(lease, "messages"), { as: client });
  assert.equal(page.messages.length, database.values('SELECT count(*) FROM "Message"')[0]);
  atClient.trigger(`presence-bail-${bailId}`, "client-typing", { isTyping: true });
  await atNotary.next("client-typing");
  const hello = await writes(notary, lease, "Bonjour");
  assert.equal((await atClient.next("new-message", { id: hello.id })).seq, 5);
  const oldest = page.messages.at(-1);
  await expecting(200, "DELETE", leasePath(lease, `messages/${oldest.id}`), { as: client });
  await atNotary.next("message-deleted", { messageId: oldest.id });
  const { requests } = await expecting(200, "GET", leasePath(lease, "requests"), { as: client });
  await expecting(200, "PATCH", leasePath(lease, `requests/${requests[0].id}`), { as: client, json: { status: "done" } });
  const asked = await expecting(201, "POST", leasePath(lease, "requests"), { as: notary, json: { title: "Justificatif" } });
  await atClient.next("request-updated", { id: asked.id, status: "pending" });

  // The back end hears of the request, and accepts it for the client, who has handed the paper in elsewhere.
  const created = await bus.next("lease-request.created", { requestId: asked.id });
  assert.deepEqual([created.bailId, created.createdBy], [bailId, notary.userId]);
  await actFor(client, 200, "PATCH", leasePath(lease, `requests/${asked.id}`), { status: "accepted" });
  assert.equal((await atNotary.next("request-updated", { id: asked.id, status: "accepted" })).updatedBy.id, client.userId);

  // Two more people come into the lease. One of them is a user of the team's.
  const roles = [[client, "client"], [notary, "notary"], [clerk, "clerk"], [stranger, "co-tenant"]];
  const participants = roles.map(([{ userId }, role]) => ({ userId, role }));
  await expecting(200, "PUT", `/leases/${bailId}`, { as: service(), json: { title: "12 rue des Lilas", participants } });
  for (const as of [clerk, stranger]) {
    await expecting(200, "PUT", leasePath(lease, "read"), { as, json: { seq: 2 } });
  }

  // Back again.
  await bus.next("message.deleted", { messageId: oldest.id });
  await bus.next("message.sent", { messageId: hello.id });
  await bus.next("lease-request.updated", { requestId: requests[0].id });
  await bus.next("lease-request.updated", { requestId: asked.id, status: "accepted" });
  const events = bus.events(bailId);
  assert.equal(await database.back(["--ids", ids], { events }), "rows changed: 2 of Message, 2 of NotaryRequest");
  const there = database.rows('SELECT "senderId", CASE WHEN "deletedAt" IS NULL THEN content END FROM "Message" ORDER BY "createdAt"');
  const { messages: here } = await expecting(200, "GET", `${leasePath(lease, "messages")}?after=0`, { as: client });
  assert.deepEqual(there, here.map(({ author, content }) => [author.id, content ?? null]));
  assert.deepEqual(database.rows('SELECT title, status FROM "NotaryRequest" ORDER BY id'), [["Plan", "DONE"], ["Justificatif", "ACCEPTED"]]);
  // Read marks have no fact: client and notary have read up to the last message of their own.
  await database.back(["--all"]);
  const marks = Object.fromEntries(database.rows('SELECT "userId", "lastReadMessageId" FROM "ChatRead"'));
  const [newest] = database.values(`SELECT id FROM "Message" WHERE content = 'Bonjour'`);
  assert.deepEqual(marks, { [client.userId]: `${bailId}-4`, [notary.userId]: newest, [clerk.userId]: `${bailId}-2` });
  await nothingIsLeft(database, events);
});
