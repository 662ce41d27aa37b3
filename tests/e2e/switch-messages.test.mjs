// A team with NestJS, Socket.IO and FCM moves its messages, pushes and dashboards to Carillon, and back again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expecting } from "./support/api.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { hearFacts } from "./support/facts.mjs";
import { fcm } from "./support/fcm.mjs";
import { messages } from "./support/migration.mjs";
import { newId, person, service } from "./support/people.mjs";
import { appService, rememberingConsole } from "./support/sockets.mjs";
import { actFor, imported, nothingIsLeft, withTable } from "./support/switch.mjs";
import { until } from "./support/wait.mjs";

/** The app's two services, as somebody's page has them; `said` resolves to the first value that its console shows after this text. */
async function pageOf(t, { userId, token }) {
  const console = rememberingConsole();
  const dashboard = appService("dashboard-service.ts", "dashboardService", { console });
  const messaging = appService("messaging-service.ts", "messagingService", { console });
  dashboard.connect(userId, token);
  messaging.connect(userId, token);
  cleanUp(t, () => {
    dashboard.disconnect();
    messaging.socket.disconnect();
  });
  const said = (text, is = () => true) => until(text, () => console.said(text).find(is));
  await said("Dashboard connected:");
  await until("/ws", () => messaging.socket.connected);
  return { messaging, said };
}

test("a Socket.IO app's messages, devices and notifications go on here, and come back", async (t) => {
  const [ada, ben, id] = [person("Ada"), person("Ben"), newId("row")];
  const database = messages({ ada, ben, id });
  const ids = await imported(database, {
    profile: "SELECT count(*) FROM users",
    device: "SELECT count(*) FROM device_tokens",
    preferences: "SELECT count(*) FROM notification_settings",
    notification: "SELECT count(*) FROM notifications",
    message: "SELECT count(*) FROM messages",
  });
  const bus = await hearFacts(t);
  const history = async () => (await expecting(200, "GET", `/messages/${ada.userId}?after=0`, { as: ben })).messages;
  assert.equal((await history()).length, database.values("SELECT count(*) FROM messages")[0]);

  const [atAda, atBen] = [await pageOf(t, ada), await pageOf(t, ben)];
  atAda.messaging.startTyping(ben.userId);
  assert.equal((await atBen.said("Typing indicator:")).userId, ada.userId);
  atAda.messaging.sendMessage(ben.userId, "Hello from here");
  const hello = await atBen.said("New message:", ({ content }) => content === "Hello from here");
  assert.equal(hello.seq, 4);
  atBen.messaging.markAsRead(hello.id);
  atBen.messaging.sendMessage(ada.userId, "a word that the house forbids");
  const forbidden = await atAda.said("New message:");

  // The back end hears of the messages, and takes one back for its author.
  const sent = await bus.next("message.sent", { messageId: forbidden.id });
  assert.deepEqual(sent.conversation, { kind: "direct", userIds: [ada.userId, ben.userId].toSorted() });
  assert.deepEqual([sent.authorId, sent.text], [ben.userId, forbidden.content]);
  const deleted = new Promise((resolve) => atAda.messaging.socket.on("message:deleted", resolve));
  await actFor(ben, 200, "DELETE", `/messages/${ada.userId}/${forbidden.id}`);
  assert.equal((await deleted).messageId, forbidden.id);
  // It notifies its users: on the dashboard, and on the phone that was registered before the switch.
  const stats = { event: "notification", userId: ben.userId, data: { title: "New referral", body: "Read it", type: "SYSTEM", priority: "normal", data: {} } };
  await expecting(202, "POST", "/dashboard/events", { as: service(), json: stats });
  await atBen.said("New notification:", ({ title }) => title === "New referral");
  const update = { userId: ada.userId, type: "PROJECT_UPDATE", data: {}, priority: "high" };
  const created = await expecting(201, "POST", "/notifications", { as: service(), json: update });
  const phone = `phone-of-${ada.userId}`;
  assert.equal((await fcm.got(phone)).length, 1);
  await expecting(200, "DELETE", "/notifications/device-token", { as: ada, json: { token: phone } });
  const device = { token: `new-${phone}`, platform: "android" };
  await expecting(200, "POST", "/notifications/device-token", { as: ada, json: device });
  const { notifications } = await expecting(200, "GET", "/notifications", { as: ada });
  const greeting = notifications.find(({ title }) => title === "Hello");
  await expecting(204, "DELETE", `/notifications/${greeting.notificationId}`, { as: ada });
  await expecting(200, "PUT", "/notifications/preferences", { as: ada, json: { locale: "en", types: { MESSAGE: { push: false, email: true } } } });

  // Back again.
  await bus.next("message.deleted", { messageId: forbidden.id });
  await bus.next("notification.created", { notificationId: created.notificationId });
  await bus.next("device.forgotten", { userId: ada.userId });
  await bus.next("device.registered", { userId: ada.userId });
  const events = bus.events(ada.userId, ben.userId);
  const changed = await database.back(["--ids", ids], { events, ...withTable });
  assert.equal(changed, "rows changed: 2 of device_tokens, 1 of messages, 1 of notifications");
  const there = database.rows('SELECT "senderId", content FROM messages ORDER BY "createdAt"');
  const here = (await history()).filter(({ deletedAt }) => !deletedAt);
  assert.deepEqual(there, here.map(({ senderId, content }) => [senderId, content]));
  assert.deepEqual(database.rows("SELECT token, platform FROM device_tokens"), [[device.token, device.platform]]);
  // Read marks, preferences and the deletion of a notification have no fact.
  await database.back(["--all"], withTable);
  assert.deepEqual(database.values("SELECT type FROM notifications"), ["PROJECT_UPDATE"]);
  assert.deepEqual(database.values('SELECT content FROM messages WHERE "readAt" IS NULL'), []);
  assert.deepEqual(database.rows("SELECT locale, push, email FROM notification_settings"), [["en", 0, 1]]);
  await nothingIsLeft(database, events);
});
