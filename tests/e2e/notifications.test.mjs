// Notifications: created by services, told at once, kept until read.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { putEvent } from "./support/events.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person, service } from "./support/people.mjs";

const TYPES = [
  "MESSAGE",
  "CONNECTION_REQUEST",
  "CONNECTION_ACCEPTED",
  "POST_COMMENT",
  "COMMENT_MENTION",
  "REFERRAL_APPLICATION",
  "PROJECT_UPDATE",
  "SYSTEM",
  "KUDOS",
  "PARTY_INVITATION",
];

const backEnd = service();
const create = (json, key) =>
  call("POST", "/notifications", { as: backEnd, json, headers: key && { "idempotency-key": key } });
const list = (as, query = "") => expecting(200, "GET", `/notifications${query}`, { as });
const unreadCount = async (as) => (await expecting(200, "GET", "/notifications/unread-count", { as })).unreadCount;
const read = (as, id) => expecting(200, "POST", `/notifications/${id}/read`, { as });

async function notified(user, howMany) {
  const ids = [];
  for (let n = 0; n < howMany; n += 1) {
    const { body } = await create({ userId: user.userId, type: "SYSTEM", data: { n } });
    ids.push(body.notificationId);
  }
  return ids;
}

// At once, because each spends most of its time waiting for what must not come.
describe("Notifications", { concurrency: 8 }, () => {
  test("a notification is sent once, with its id, and listed", async (t) => {
    const ada = person();
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    const data = { postId: newId("post"), nested: { list: [1, "two", null, true] }, text: 'Ἀδα "艾达"' };

    const { status, body } = await create({ userId: ada.userId, type: "COMMENT_MENTION", data, priority: "high" });
    assert.equal(status, 201);

    const told = await listener.next("notification:new");
    assert.equal(told.type, "COMMENT_MENTION");
    assert.deepEqual(told.data, { ...data, notificationId: body.notificationId });
    await listener.none("notification:new");

    const { notifications, nextCursor, unreadCount: unread } = await list(ada);
    assert.equal(notifications.length, 1);
    const [kept] = notifications;
    assert.equal(kept.notificationId, body.notificationId);
    assert.equal(kept.message, told.message);
    assert.equal(kept.priority, "high");
    assert.equal(kept.readAt, null);
    assert.equal(kept.data.postId, data.postId);
    assert.equal(nextCursor, null);
    assert.equal(unread, 1);
  });

  test("one notification is shown, and deleted for good", async () => {
    const [ada, eve] = [person(), person()];
    const [first, second] = await notified(ada, 2);
    const one = (method, status, id, as = ada) => expecting(status, method, `/notifications/${id}`, { as });
    assert.deepEqual(await one("GET", 200, first), (await list(ada)).notifications[1]);
    await one("GET", 404, first, eve);
    await one("GET", 404, newId("notification"));
    await one("DELETE", 404, newId("notification"));
    for (const method of ["GET", "DELETE"]) {
      await expecting(401, method, `/notifications/${first}`);
    }
    await one("DELETE", 204, first, eve);
    await one("GET", 200, first);
    await read(ada, second);
    await one("DELETE", 204, first);
    await one("DELETE", 204, first);
    await one("DELETE", 204, second);
    await one("GET", 404, first);
    assert.deepEqual(await list(ada), { notifications: [], nextCursor: null, unreadCount: 0 });
  });

  test("a text of the sender's own takes the place of the type's, over HTTP and by an event", async (t) => {
    const ada = person();
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    const own = { title: "Your parcel is on its way", body: "It arrives on Friday." };
    const json = { userId: ada.userId, type: "PROJECT_UPDATE", ...own };
    const { status, body } = await create(json);
    assert.equal(status, 201);
    assert.equal((await listener.next("notification:new")).message, own.body);
    const kept = await expecting(200, "GET", `/notifications/${body.notificationId}`, { as: ada });
    assert.deepEqual([kept.title, kept.message], [own.title, own.body]);

    await putEvent("NotificationRequested", json);
    assert.equal((await listener.next("notification:new")).message, own.body);
    for (const fault of [{ title: " " }, { title: "x".repeat(101) }, { body: "x".repeat(501) }, { titel: own.title }]) {
      assert.equal((await create({ ...json, ...fault })).status, 400, JSON.stringify(fault).slice(0, 40));
    }
  });

  test("each type is accepted and has words of its own", async () => {
    const ada = person();
    for (const type of TYPES) {
      assert.equal((await create({ userId: ada.userId, type })).status, 201, type);
    }
    const { notifications } = await list(ada);
    assert.deepEqual(notifications.map(({ type }) => type), TYPES.toReversed());
    assert.equal(new Set(notifications.map(({ message }) => message)).size, TYPES.length);
    assert.ok(notifications.every(({ priority }) => priority === "normal"));
  });

  test("a type of the app's own has its sender's words, may be turned off, and needs both words", async (t) => {
    const ada = person();
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    const json = { userId: ada.userId, type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives on Friday.", data: { sourceId: "order-7" } };
    const { status, body } = await create(json);
    assert.equal(status, 201);
    const told = await listener.next("notification:new");
    assert.deepEqual([told.type, told.message, told.data], [json.type, json.body, { ...json.data, notificationId: body.notificationId }]);
    const kept = await expecting(200, "GET", `/notifications/${body.notificationId}`, { as: ada });
    assert.deepEqual([kept.type, kept.title, kept.message], [json.type, json.title, json.body]);

    await putEvent("NotificationRequested", json);
    assert.equal((await listener.next("notification:new")).type, json.type);

    const off = { types: { ORDER_SHIPPED: { inApp: false } } };
    const saved = await expecting(200, "PUT", "/notifications/preferences", { as: ada, json: off });
    assert.deepEqual(saved.types.ORDER_SHIPPED, { inApp: false, push: true, email: true });
    assert.equal((await create(json)).status, 201);
    await listener.none("notification:new");
    assert.equal(await unreadCount(ada), 3);

    for (const [fault, rule] of [
      [{ type: "order.shipped" }, "such as ORDER_SHIPPED"],
      [{ title: undefined }, "title is missing"],
      [{ body: null }, "body is missing"],
      [{ type: "X".repeat(65) }, "type must be one of"],
    ]) {
      const refused = await create({ ...json, ...fault });
      assert.equal(refused.status, 400, rule);
      assert.ok(refused.body.message.includes(rule), refused.body.message);
    }
  });

  test("only services create notifications", async () => {
    const ada = person();
    await expecting(403, "POST", "/notifications", { as: ada, json: { userId: ada.userId, type: "SYSTEM" } });
    assert.equal(await unreadCount(ada), 0);
  });

  test("a request repeated with its key creates nothing new", async (t) => {
    const ada = person();
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    const [json, key] = [{ userId: ada.userId, type: "SYSTEM", data: { n: 1 } }, randomUUID()];

    const first = await create(json, key);
    const again = await create(json, key);
    const other = await create({ ...json, type: "MESSAGE" }, key);

    assert.equal(again.status, 201);
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    assert.equal(other.status, 422);
    await listener.next("notification:new");
    await listener.none("notification:new");
    assert.equal(await unreadCount(ada), 1);
  });

  test("of many notifications for one user at once, none is lost", async (t) => {
    const ada = person();
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => create({ userId: ada.userId, type: "SYSTEM", data: { n } })),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    const ids = answers.map(({ body }) => body.notificationId).toSorted();
    const { notifications, unreadCount: unread } = await list(ada);
    assert.deepEqual(notifications.map(({ notificationId }) => notificationId).toSorted(), ids);
    assert.equal(unread, 12);
    for (const notificationId of ids) {
      await listener.next("notification:new", (data) => data.data.notificationId === notificationId);
    }
  });

  test("the list is read page by page, newest first, without gap or repetition", async () => {
    const ada = person();
    const ids = await notified(ada, 25);

    const pages = [];
    let cursor = null;
    do {
      const page = await list(ada, `?limit=10${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
      assert.equal(page.unreadCount, 25);
      pages.push(page.notifications.map(({ notificationId }) => notificationId));
      cursor = page.nextCursor;
    } while (cursor !== null);

    assert.deepEqual(pages.map((page) => page.length), [10, 10, 5]);
    assert.deepEqual(pages.flat(), ids.toReversed());
  });

  test("a page holds twenty unless the caller says otherwise", async () => {
    const ada = person();
    await notified(ada, 21);
    const page = await list(ada);
    assert.equal(page.notifications.length, 20);
    assert.notEqual(page.nextCursor, null);
  });

  test("a cursor opens nobody else's list", async () => {
    const [ada, eve] = [person(), person("Eve")];
    await notified(ada, 3);
    const { nextCursor } = await list(ada, "?limit=1");
    const { status, body } = await call("GET", `/notifications?cursor=${encodeURIComponent(nextCursor)}`, { as: eve });
    assert.ok(status === 400 || body.notifications.length === 0, `answered ${status} with ${JSON.stringify(body)}`);
  });

  test("a notification is read once", async (t) => {
    const ada = person();
    const [older, newer] = await notified(ada, 2);
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);

    const first = await read(ada, older);
    assert.equal(first.notificationId, older);
    assert.deepEqual(await read(ada, older), first, "reading again changes nothing");
    assert.deepEqual(await listener.next("notification:read"), { notificationId: older, readAt: first.readAt });

    assert.equal(await unreadCount(ada), 1);
    const { notifications } = await list(ada);
    assert.deepEqual(
      notifications.map(({ notificationId, readAt }) => [notificationId, readAt]),
      [[newer, null], [older, first.readAt]],
    );
  });

  test("of many readings at once, one counts", async () => {
    const ada = person();
    const [id] = await notified(ada, 3);
    await Promise.all(Array.from({ length: 5 }, () => read(ada, id)));
    assert.equal(await unreadCount(ada), 2);
  });

  test("another user's notification is not found", async () => {
    const ada = person();
    const [id] = await notified(ada, 1);
    await expecting(404, "POST", `/notifications/${id}/read`, { as: person("Eve") });
    for (const unknown of [randomUUID(), "a%0A", "a%20b", "%C3%A9", "x".repeat(129)]) {
      await expecting(404, "POST", `/notifications/${unknown}/read`, { as: ada });
    }
    assert.equal(await unreadCount(ada), 1);
  });

  test("all are read at once, and what comes later is unread", async () => {
    const ada = person();
    await notified(ada, 5);
    assert.deepEqual(await expecting(200, "POST", "/notifications/read-all", { as: ada }), { unreadCount: 0 });
    assert.equal(await unreadCount(ada), 0);
    assert.ok((await list(ada)).notifications.every(({ readAt }) => readAt !== null));
    assert.deepEqual(await expecting(200, "POST", "/notifications/read-all", { as: ada }), { unreadCount: 0 });

    const [later] = await notified(ada, 1);
    assert.equal(await unreadCount(ada), 1);
    assert.equal((await list(ada)).notifications.find(({ notificationId }) => notificationId === later).readAt, null);
  });

  test("a user without notifications has an empty list", async () => {
    assert.deepEqual(await list(person()), { notifications: [], nextCursor: null, unreadCount: 0 });
  });
});
