// A team with NestJS and Pusher moves its reading rooms to Carillon, and back again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expecting } from "./support/api.mjs";
import { hearFacts, printedFacts } from "./support/facts.mjs";
import { listen } from "./support/listener.mjs";
import { readingRooms } from "./support/migration.mjs";
import { newId, person, service, shown } from "./support/people.mjs";
import { actFor, imported, nothingIsLeft } from "./support/switch.mjs";

const sorted = (rows) => rows.map((row) => row.join(" ")).toSorted();

test("a NestJS app's rooms, kudos and notifications go on here, and come back", async (t) => {
  const [author, giver, reader, book] = [person("Jane"), person("Ben"), person("Ada"), newId("book")];
  const database = readingRooms({ author, giver, reader, book });
  const ids = await imported(database, {
    profile: "SELECT count(*) FROM users",
    book: "SELECT count(*) FROM books",
    kudos: "SELECT count(*) FROM kudos",
    notification: "SELECT count(*) FROM notifications",
  });
  const bus = await hearFacts(t);
  const printed = await printedFacts(t);

  // The clients, web and mobile: pusher-js with a token.
  const [atReader, atGiver, atAuthor] = [await listen(t, reader), await listen(t, giver), await listen(t, author)];
  await atReader.subscribe(reader.ownChannel);
  await atGiver.subscribe(giver.ownChannel);
  const { me } = await atReader.subscribe(`presence-room-${book}`);
  assert.deepEqual(me.info, { ...shown(reader), isAuthor: false });
  await atAuthor.subscribe(`presence-room-${book}`);
  assert.deepEqual(await atReader.next("room:author-joined"), { authorId: author.userId, authorName: "Jane" });

  const json = { receiverId: reader.userId, sessionId: "s-1", bookTitle: "Emma" };
  const given = await expecting(201, "POST", "/kudos", { as: giver, json });
  const heard = await atReader.next("kudos:received");
  assert.deepEqual([heard.fromUser, heard.sessionId, heard.bookTitle], [shown(giver), "s-1", "Emma"]);
  assert.equal((await expecting(200, "GET", "/kudos", { as: reader })).kudos.length, 3);
  const { notifications } = await expecting(200, "GET", "/notifications", { as: reader });
  const imported_ = notifications.find(({ type, readAt }) => type === "POST_COMMENT" && readAt === null);
  await expecting(200, "POST", `/notifications/${imported_.notificationId}/read`, { as: reader });

  const unwanted = notifications.find(({ type, readAt }) => type === "POST_COMMENT" && readAt !== null);
  await expecting(204, "DELETE", `/notifications/${unwanted.notificationId}`, { as: reader });

  // The back end hears of the kudos, and thanks for the reader.
  const fact = await bus.next("kudos.given", { kudosId: given.kudosId });
  assert.deepEqual([fact.giverId, fact.receiverId, fact.sessionId], [giver.userId, reader.userId, "s-1"]);
  const thanks = await actFor(reader, 201, "POST", "/kudos", { ...json, receiverId: fact.giverId });
  assert.deepEqual((await atGiver.next("kudos:received")).fromUser, shown(reader));
  const mention = { userId: reader.userId, type: "COMMENT_MENTION", data: { postId: "p2" } };
  const created = await expecting(201, "POST", "/notifications", { as: service(), json: mention });
  assert.equal((await atReader.next("notification:new", { type: "COMMENT_MENTION" })).data.postId, "p2");

  // Back again.
  await bus.next("kudos.given", { kudosId: thanks.kudosId });
  await bus.next("notification.created", { notificationId: created.notificationId });
  await bus.next("notification.read", { notificationId: imported_.notificationId });
  for (const { userId } of [reader, giver]) {
    await bus.next("notification.created", { userId, notificationType: "KUDOS" });
  }
  // As in a rehearsal, which has no queue of its own.
  const events = await printed.like(bus.events(reader.userId, giver.userId), reader.userId, giver.userId);
  assert.equal(await database.back(["--ids", ids], { events }), "rows changed: 2 of kudos, 4 of notifications");
  // The deletion of a notification has no fact.
  assert.equal(await database.back(["--all"]), "rows changed: 1 of notifications");
  assert.deepEqual(
    sorted(database.rows("SELECT giver_id, receiver_id, session_id FROM kudos")),
    sorted([[giver, reader, "s-1"], [giver, reader, "s-2"], [giver, reader, "s-1"], [reader, giver, "s-1"]].map(([from, to, session]) => [from.userId, to.userId, session])),
  );
  assert.ok(database.values("SELECT id FROM kudos").includes(given.kudosId));
  for (const user of [reader, giver]) {
    const { notifications: here } = await expecting(200, "GET", "/notifications", { as: user });
    const there = database.rows(`SELECT type, CASE WHEN read_at IS NULL THEN 0 ELSE 1 END FROM notifications WHERE user_id = '${user.userId}'`);
    assert.deepEqual(sorted(there), sorted(here.map(({ type, readAt }) => [type, readAt === null ? 0 : 1])));
  }
  await nothingIsLeft(database, events);
});
