// Notifications on the phone: pushes through a stand-in for FCM, which checks what it gets and plays every answer.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { putEvent } from "./support/events.mjs";
import { fcm, refusal } from "./support/fcm.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person, service } from "./support/people.mjs";
import { bringPusherBack, stopPusher } from "./support/outage.mjs";
import { introduce, invite, partyOf } from "./support/party.mjs";
import { killPusher, noPusherServer, startPusher } from "./support/processes.mjs";
import { messagesIn, take } from "./support/queue.mjs";
import { server } from "./support/server.mjs";
import { stack } from "./support/stack.mjs";
import { nothingIsOwedTo } from "./support/table.mjs";
import { token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";


const backEnd = service();
const notify = (user, more = {}) =>
  expecting(201, "POST", "/notifications", { as: backEnd, json: { userId: user.userId, type: "MESSAGE", ...more } });
const list = async (as) => (await expecting(200, "GET", "/notifications", { as })).notifications;
const save = (as, json) => expecting(200, "PUT", "/notifications/preferences", { as, json });
const register = (as, device) => expecting(200, "POST", "/notifications/device-token", { as, json: { token: device } });

/** Someone with a device, whose token is on it. */
async function withDevice(name) {
  const user = person(name);
  const device = newId("device");
  await register(user, device);
  return { user, device };
}

async function isConnected({ ownChannel }) {
  const answer = await server.get({ path: `/channels/${ownChannel}` });
  return (await answer.json()).occupied;
}

describe("Pushes", { concurrency: 8 }, () => {
  test("a notification is stored, reaches the app, and reaches the phone when the app is gone", async (t) => {
    const { user, device } = await withDevice("Ada");
    const listener = await listen(t, user);
    await listener.subscribe(user.ownChannel);

    const first = await notify(user, { data: { senderName: "Ben", senderId: "ben" } });
    const told = await listener.next("notification:new");
    assert.equal(told.data.notificationId, first.notificationId);
    await nothingIsOwedTo(user.userId);
    assert.deepEqual(await fcm.sent(device), [], "the app has it, so the phone stays silent");

    listener.close();
    await until("the end of the subscription", async () => !(await isConnected(user)));
    const second = await notify(user, { data: { senderName: "Ben", senderId: "ben", nested: { n: [1] } } });
    const [message] = await fcm.got(device);
    assert.deepEqual(message.notification, { title: "New Message", body: "Ben sent you a message" });
    assert.deepEqual(message.data, {
      type: "MESSAGE",
      senderName: "Ben",
      senderId: "ben",
      nested: '{"n":[1]}',
      notificationId: second.notificationId,
    });
    assert.deepEqual((await list(user)).map(({ notificationId }) => notificationId), [second, first].map((n) => n.notificationId));
    await nothingIsOwedTo(user.userId);
    assert.equal((await fcm.sent(device)).length, 1, "once");
  });

  test("an urgent notification also reaches the phone of a connected user", async (t) => {
    const { user, device } = await withDevice("Ada");
    const listener = await listen(t, user);
    await listener.subscribe(user.ownChannel);
    await notify(user, { priority: "high" });
    await listener.next("notification:new");
    const [{ android, apns, webpush }] = await fcm.got(device);
    assert.deepEqual([android.priority, apns.headers["apns-priority"], webpush.headers.Urgency], ["HIGH", "10", "high"]);
  });

  test("an event on EventBridge does what the route does", async (t) => {
    const { user, device } = await withDevice("Ada");
    const detail = { userId: user.userId, type: "PARTY_INVITATION", data: { invitedBy: { username: "ben" }, partyName: "Vesper" } };
    await putEvent("NotificationRequested", detail);
    const [{ notification }] = await fcm.got(device);
    assert.deepEqual(notification, { title: "Party Invitation", body: "ben invited you to Vesper" });
    const [stored] = await list(user);
    assert.deepEqual([stored.type, stored.message, stored.data], [detail.type, notification.body, detail.data]);

    const listener = await listen(t, user);
    await listener.subscribe(user.ownChannel);
    await putEvent("NotificationRequested", { userId: user.userId, type: "KUDOS", data: { senderName: "Ben", bookTitle: "Emma" } });
    assert.equal((await listener.next("notification:new")).message, "Ben gave you kudos for reading Emma");
  });

  test("kudos and an invitation reach the phone of somebody who is away", async () => {
    const [giver, { user, device }] = [person("Ben"), await withDevice("Ada")];
    await introduce(user);
    const kudos = { receiverId: user.userId, sessionId: newId("session"), bookTitle: "Emma" };
    const { kudosId } = await expecting(201, "POST", "/kudos", { as: giver, json: kudos });
    const party = await partyOf(giver);
    assert.equal((await invite(giver, party, user)).status, 201);

    const pushes = await fcm.got(device, 2);
    const said = pushes.map(({ notification, data }) => [data.type, notification.title]);
    assert.deepEqual(said.toSorted(), [["KUDOS", "Kudos"], ["PARTY_INVITATION", "Party Invitation"]]);
    const stored = new Map((await list(user)).map(({ type, data }) => [type, data]));
    const sender = { senderId: giver.userId, senderName: "Ben" };
    assert.deepEqual(stored.get("KUDOS"), { ...sender, kudosId, sessionId: kudos.sessionId, bookTitle: "Emma" });
    assert.equal(stored.get("PARTY_INVITATION").partyId, party.partyId);
    await nothingIsOwedTo(user.userId);
    assert.equal((await fcm.sent(device)).length, 2, "once each");
  });

  test("a push of the app's own type has the words that its sender sent", async () => {
    const { user, device } = await withDevice("Ada");
    const own = { type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives on Friday.", data: { sourceId: "order-7" } };
    await notify(user, own);
    const [{ notification, data }] = await fcm.got(device);
    assert.deepEqual(notification, { title: own.title, body: own.body });
    assert.equal(data.type, own.type);

    await save(user, { types: { ORDER_SHIPPED: { push: false } } });
    await notify(user, own);
    await notify(user, { type: "SYSTEM", priority: "high" });
    await fcm.got(device, 2);
    await nothingIsOwedTo(user.userId);
    assert.deepEqual((await fcm.sent(device)).map((message) => message.data.type), ["ORDER_SHIPPED", "SYSTEM"]);
  });

  test("a push has its sender's image, icon, link and action, a sound, and the number of unread notifications", async () => {
    const { user, device } = await withDevice("Ada");
    const [image, icon, link] = ["https://cdn.example/parcel.jpg", "https://cdn.example/icon.png", "https://app.example/orders/7"];
    const own = { type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives on Friday." };
    await notify(user, { ...own, push: { image, icon, link, clickAction: "OPEN_ORDER" } });
    const [message] = await fcm.got(device);
    assert.deepEqual(message.notification, { title: own.title, body: own.body, image });
    assert.equal(message.data.link, link);
    const { android, apns, webpush } = message;
    assert.deepEqual([android.notification.sound, android.notification.click_action], ["default", "OPEN_ORDER"]);
    assert.deepEqual(apns.payload.aps, { sound: "default", badge: 1, category: "OPEN_ORDER", "mutable-content": 1 });
    assert.equal(apns.fcm_options.image, image);
    assert.deepEqual([webpush.notification.icon, webpush.notification.image, webpush.fcm_options.link], [icon, image, link]);

    await notify(user, { ...own, push: { silent: true } });
    const [, silent] = await fcm.got(device, 2);
    assert.deepEqual(silent.apns.payload.aps, { badge: 2 });
    assert.equal(silent.android.notification.sound, undefined);
    await expecting(200, "POST", "/notifications/read-all", { as: user });
    const [, , number] = await fcm.got(device, 3);
    assert.deepEqual([number.notification, number.apns.payload.aps], [undefined, { badge: 0 }], "nothing is shown or heard");
    await notify(user);
    assert.equal((await fcm.got(device, 4))[3].apns.payload.aps.badge, 1);
  });

  test("a push that FCM would refuse for its look is refused at once", async () => {
    const { user, device } = await withDevice("Ada");
    const ask = (more) => call("POST", "/notifications", { as: backEnd, json: { userId: user.userId, type: "MESSAGE", ...more } });
    const image = `https://cdn.example/${"x".repeat(480)}`;
    for (const [push, told] of [
      [{ link: "http://app.example/" }, "push.link"],
      [{ image: "/parcel.jpg" }, "push.image"],
      [{ icon: "data:image/png;base64,AAAA" }, "push.icon"],
      [{ clickAction: "open it" }, "push.clickAction"],
      [{ badge: 7 }, "badge is not a field of push"],
      [{ image }, "push does not fit"],
    ]) {
      const { status, body } = await ask({ push, data: { x: "y".repeat(2_300) } });
      assert.equal(status, 400, JSON.stringify(push).slice(0, 60));
      assert.ok(body.message.startsWith(told), body.message);
    }
    assert.deepEqual(await list(user), []);
    assert.deepEqual(await fcm.sent(device), []);
  });

  test("one request notifies several users in the app and on the phone, each in their language, and once with its key", async (t) => {
    const [ada, ben] = [await withDevice("Ada"), await withDevice("Ben")];
    await save(ben.user, { locale: "fr" });
    const listener = await listen(t, ada.user);
    await listener.subscribe(ada.user.ownChannel);
    const userIds = [ada, ben].map(({ user }) => user.userId);
    const json = { userIds, type: "MESSAGE", data: { senderName: "Eve" }, priority: "high" };
    const headers = { "idempotency-key": newId("key") };
    const send = () => call("POST", "/notifications", { as: backEnd, json, headers });
    const { status, body } = await send();
    assert.equal(status, 201);
    assert.deepEqual(body.results.map(({ userId, status: ended }) => [userId, ended]), userIds.map((id) => [id, "created"]));
    assert.equal((await listener.next("notification:new")).data.notificationId, body.results[0].notificationId);
    const [[english], [french]] = [await fcm.got(ada.device), await fcm.got(ben.device)];
    assert.deepEqual([english.notification.title, french.notification.title], ["New Message", "Nouveau message"]);
    assert.equal(french.data.notificationId, body.results[1].notificationId);

    assert.deepEqual((await send()).body, body);
    const other = await call("POST", "/notifications", { as: backEnd, json: { ...json, userIds: [userIds[0], "auth0|nobody"] } });
    assert.equal(other.status, 207);
    assert.deepEqual(other.body.results.map((result) => result.status), ["created", "refused"]);
    assert.match(other.body.results[1].message, /^userId must be/);
    await nothingIsOwedTo(...userIds);
    assert.deepEqual([(await list(ada.user)).length, (await list(ben.user)).length], [2, 1]);
  });

  test("an event on EventBridge notifies several users", async () => {
    const [ada, ben] = [await withDevice("Ada"), await withDevice("Ben")];
    await putEvent("NotificationRequested", { userIds: [ada.user.userId, ben.user.userId], type: "SYSTEM" });
    await Promise.all([fcm.got(ada.device), fcm.got(ben.device)]);
  });

  test("an event on the account's default bus, which other stages hear as well, notifies nobody", async () => {
    const { user, device } = await withDevice("Ada");
    await putEvent("NotificationRequested", { userId: user.userId, type: "SYSTEM" }, { bus: "default" });
    // A later one, on the stage's own bus, arrives.
    await putEvent("NotificationRequested", { userId: user.userId, type: "KUDOS", data: { senderName: "Ben", bookTitle: "Emma" } });
    await fcm.got(device);
    assert.deepEqual((await list(user)).map(({ type }) => type), ["KUDOS"]);
  });

  test("every device of the user gets it, and one that has moved to another user gets it no more", async () => {
    const { user: ada, device: phone } = await withDevice("Ada");
    const tablet = newId("device");
    await register(ada, tablet);
    await notify(ada);
    await Promise.all([fcm.got(phone), fcm.got(tablet)]);

    const ben = person("Ben");
    await register(ben, tablet);
    await notify(ada);
    await notify(ben);
    await Promise.all([fcm.got(phone, 2), fcm.got(tablet, 2)]);
    await nothingIsOwedTo(ada.userId, ben.userId);
    assert.equal((await fcm.sent(tablet)).length, 2);
  });

  test("a device that is unregistered gets nothing", async () => {
    const { user, device } = await withDevice("Ada");
    const tablet = newId("device");
    await register(user, tablet);
    const gone = { message: "Device token unregistered successfully" };
    await expecting(409, "DELETE", "/notifications/device-token", { as: user });
    const unregister = (json) => expecting(200, "DELETE", "/notifications/device-token", { as: user, json });
    assert.deepEqual(await unregister({ token: tablet }), gone);
    await notify(user);
    await fcm.got(device);
    assert.deepEqual(await unregister(), gone);
    await notify(user);
    await nothingIsOwedTo(user.userId);
    assert.deepEqual([(await fcm.sent(device)).length, (await fcm.sent(tablet)).length], [1, 0]);
  });

  test("preferences choose the ways, the language and the hours", async (t) => {
    const { user, device } = await withDevice("Ada");
    const listener = await listen(t, user);
    await listener.subscribe(user.ownChannel);

    const saved = await save(user, { locale: "fr", types: { MESSAGE: { inApp: false }, SYSTEM: { push: false } } });
    assert.deepEqual(await expecting(200, "GET", "/notifications/preferences", { as: user }), saved);
    assert.deepEqual(saved.types.MESSAGE, { inApp: false, push: true, email: true });
    assert.equal(saved.quietHours, null);

    await notify(user, { type: "SYSTEM", priority: "high" });
    assert.equal((await listener.next("notification:new")).message, "Il y a une annonce pour vous");
    await notify(user, { data: { senderName: "Ben" } });
    const [{ notification }] = await fcm.got(device);
    assert.deepEqual(notification, { title: "Nouveau message", body: "Ben vous a envoyé un message" });
    await listener.none("notification:new");
    assert.equal((await list(user)).length, 2);

    const clock = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    await save(user, { types: { MESSAGE: { inApp: false } }, quietHours: { from: clock(-2), to: clock(2), timeZone: "Etc/UTC" } });
    await notify(user);
    await nothingIsOwedTo(user.userId);
    assert.equal((await fcm.sent(device)).length, 1, "quiet");
    await notify(user, { priority: "high" });
    await fcm.got(device, 2);
    assert.equal((await list(user)).length, 4);
  });

  test("the language of a token holds until the user chooses one", async () => {
    const user = person("Ada");
    const french = { token: token({ sub: user.userId, locale: "fr-CA" }) };
    const device = newId("device");
    await register(french, device);
    await notify(user);
    assert.equal((await fcm.got(device))[0].notification.title, "Nouveau message");
  });

  test("several of one type and one source within a minute are one push on the device", async () => {
    const { user, device } = await withDevice("Ada");
    await notify(user, { data: { senderId: "ben", n: 1 } });
    await notify(user, { data: { senderId: "ben", n: 2 } });
    await notify(user, { data: { senderId: "eve", n: 3 } });
    const sent = await fcm.got(device, 3);
    const tag = (n) => {
      const { android, apns, webpush } = sent.find(({ data }) => data.n === String(n));
      assert.equal(android.collapse_key, undefined, "FCM keeps only four of these for a phone that is offline");
      const tags = [android.notification.tag, apns.headers["apns-collapse-id"], webpush.headers.Topic, webpush.notification.tag];
      assert.equal(new Set(tags).size, 1, `${tags}`);
      return tags[0];
    };
    assert.equal(tag(1), tag(2));
    assert.notEqual(tag(1), tag(3));
    assert.equal((await list(user)).length, 3);
  });

  test("a long body is cut to fit, and data never is", async () => {
    const { user, device } = await withDevice("Ada");
    const data = { message: "é".repeat(500), x: "y".repeat(2_200) };
    await notify(user, { type: "SYSTEM", data });
    const [{ notification, data: pushed }] = await fcm.got(device);
    assert.match(notification.body, /^é+…$/);
    assert.ok(notification.body.length < 500);
    assert.deepEqual([pushed.message, pushed.x], [data.message, data.x]);
  });

  const named = refusal(400, "INVALID_ARGUMENT", { field: "message.token" });
  for (const [what, refusals] of Object.entries({
    "404 UNREGISTERED": [refusal(404, "UNREGISTERED")],
    "400 INVALID_ARGUMENT that names the token, twice,": [named, named],
  })) {
    test(`${what} deletes the token`, async () => {
      const { user, device } = await withDevice("Ada");
      const tablet = newId("device");
      await register(user, tablet);
      await fcm.answer(device, ...refusals);
      await notify(user);
      await fcm.got(tablet);
      await until("the refusal", async () => (await fcm.requests(device)).length === refusals.length);
      await notify(user);
      await fcm.got(tablet, 2);
      await nothingIsOwedTo(user.userId);
      assert.equal((await fcm.requests(device)).length, refusals.length, "it is not tried again, for either");
    });
  }

  test("403 SENDER_ID_MISMATCH that FCM does not repeat and a refused APNs key keep the tokens, and the push arrives later", async () => {
    // Between the two pushes there is a dry run where the process of `delivery` has reached another device before.
    const refusals = [[refusal(403, "SENDER_ID_MISMATCH"), [2, 3]], [refusal(401, "THIRD_PARTY_AUTH_ERROR"), [2]]];
    for (const [refused, requests] of refusals) {
      const { user, device } = await withDevice("Ada");
      await fcm.answer(device, refused);
      await notify(user);
      await fcm.got(device);
      assert.ok(requests.includes((await fcm.requests(device)).length), String((await fcm.requests(device)).length));
    }
  });

  test("400 INVALID_ARGUMENT that names something else is a dead letter, and the token stays", async () => {
    const { user, device } = await withDevice("Ada");
    await fcm.answer(device, refusal(400, "INVALID_ARGUMENT", { field: "message.data[0].value" }));
    await notify(user);
    let dead = [];
    await until("the dead letter", async () => (dead = await take(stack.deadLetterQueueUrl, user.userId)).length > 0);
    assert.match(dead[0].reason, /400 INVALID_ARGUMENT message\.data\[0\]\.value/);
    await notify(user);
    await fcm.got(device);
  });

  for (const status of [429, 500, 503]) {
    test(`${status} is tried again, and not before Retry-After`, async () => {
      const { user, device } = await withDevice("Ada");
      const tablet = newId("device");
      await register(user, tablet);
      await fcm.answer(device, refusal(status, "UNAVAILABLE", { retryAfter: 8 }));
      await notify(user);
      await fcm.got(device);
      const [first, second, ...more] = await fcm.requests(device);
      assert.ok(second - first >= 8_000, `after ${second - first} ms`);
      assert.deepEqual(more, []);
      assert.equal((await fcm.sent(tablet)).length, 1, "who had it does not get it again");
    });
  }

  test("503 without Retry-After is backed off from", async () => {
    const { user, device } = await withDevice("Ada");
    await fcm.answer(device, refusal(503, "UNAVAILABLE"), refusal(503, "UNAVAILABLE"));
    await notify(user);
    await fcm.got(device);
    assert.equal((await fcm.requests(device)).length, 3);
  });
});

describe("Pushes, one thing at a time", () => {
  test("401 refreshes the access token once, and the push arrives", async () => {
    const { user, device } = await withDevice("Ada");
    await notify(user);
    await fcm.got(device);
    const before = await fcm.given();
    await fcm.revoke();
    await notify(user);
    await fcm.got(device, 2);
    assert.equal(await fcm.given(), before + 1);
    assert.equal((await fcm.requests(device)).length, 3, "refused once, and taken with the new one");
  });

  test("pushes that FCM did not accept while it was down arrive when it is back", async () => {
    const { user, device } = await withDevice("Ada");
    await fcm.stop();
    try {
      await notify(user);
      await until("the retry queue's taking over", async () => (await messagesIn(stack.retryQueueUrl)) > 0);
    } finally {
      await fcm.start();
    }
    await fcm.got(device);
    await until("an empty retry queue", async () => (await messagesIn(stack.retryQueueUrl)) === 0);
  });

  test("a push does not wait for a Pusher server that is down", { skip: noPusherServer }, async (t) => {
    const { user, device } = await withDevice("Ada");
    await killPusher(t);
    await notify(user);
    await fcm.got(device);
    await startPusher();
    await until("an empty retry queue", async () => (await messagesIn(stack.retryQueueUrl)) === 0);
    assert.equal((await fcm.sent(device)).length, 1);
  });

  test("a push does not wait for a channel that cannot be reached", async (t) => {
    const { user, device } = await withDevice("Ada");
    await save(user, { pushWhileConnected: true });
    const listener = await listen(t, user);
    await listener.subscribe(user.ownChannel);
    await stopPusher(t);
    const { notificationId } = await notify(user);
    await fcm.got(device);
    listener.mustBeWithout("notification:new");
    await bringPusherBack(t, listener);
    assert.equal((await listener.next("notification:new")).data.notificationId, notificationId);
    await until("an empty retry queue", async () => (await messagesIn(stack.retryQueueUrl)) === 0);
    assert.equal((await fcm.sent(device)).length, 1);
  });
});

test("one's devices are listed, without their tokens", async () => {
  const as = person();
  const device = `${newId("device")}-${"x".repeat(100)}-end123`;
  await expecting(200, "POST", "/notifications/device-token", { as, json: { token: device, platform: "android" } });
  const { devices } = await expecting(200, "GET", "/notifications/device-tokens", { as });
  assert.deepEqual(devices.map(({ tokenEnd, platform }) => [tokenEnd, platform]), [["end123", "android"]]);
  await expecting(401, "GET", "/notifications/device-tokens");
});

test("malformed tokens and preferences are refused", async () => {
  const as = person();
  const long = "x".repeat(70_000);
  const form = { form: { token: "x" } };
  const cases = [
    [400, "POST", "/notifications/device-token", { json: {} }],
    [400, "POST", "/notifications/device-token", { json: { token: "a b" } }],
    [413, "POST", "/notifications/device-token", { json: { token: long } }],
    [415, "POST", "/notifications/device-token", form],
    [400, "DELETE", "/notifications/device-token", { json: { token: "" } }],
    [413, "DELETE", "/notifications/device-token", { json: { token: long } }],
    [415, "DELETE", "/notifications/device-token", form],
    [400, "POST", "/notifications/device-token", { json: { token: "t", platform: "toaster" } }],
    [400, "PUT", "/notifications/preferences", { json: { locale: "xx" } }],
    [400, "PUT", "/notifications/preferences", { json: { pushWhileConnected: "always" } }],
    [400, "PUT", "/notifications/preferences", { json: { types: { Advertisement: {} } } }],
    [400, "PUT", "/notifications/preferences", { json: { quietHours: { from: "22:00", to: "7", timeZone: "Etc/UTC" } } }],
    [413, "PUT", "/notifications/preferences", { json: { long } }],
    [415, "PUT", "/notifications/preferences", form],
  ];
  for (const [status, method, path, request] of cases) {
    const answer = await call(method, path, { as, ...request });
    assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${answer.text}`);
  }
});
