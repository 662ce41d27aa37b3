import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";

import { CarillonProvider, Inbox, useConnectionState, useNotifications, usePresence } from "carillon/react";
import { Window } from "happy-dom";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";

import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

test("an inbox renders on a server, without a window", () => {
  assert.equal(typeof window, "undefined");
  const app = h(CarillonProvider, { apiUrl: "https://api.example", appKey: "key", userId: "ada", token: "ada" }, h(Inbox));
  const html = renderToString(app);
  assert.match(html, /<button type="button" class="carillon-inbox-bell" aria-haspopup="dialog" aria-expanded="false" aria-label="Notifications">/);
  assert.doesNotMatch(html, /role="dialog"/);
});

describe("An inbox", () => {
  let server, root, element, stored, failures;
  let createRoot;

  beforeEach(async () => {
    if (typeof window === "undefined") {
      const happy = new Window();
      const names = { window: happy, document: happy.document, navigator: happy.navigator, requestAnimationFrame: (act) => setTimeout(act) };
      for (const [name, value] of Object.entries(names)) {
        Object.defineProperty(globalThis, name, { value, configurable: true });
      }
      ({ createRoot } = await import("react-dom/client"));
    }
    [stored, failures] = [[], []];
    server = await startServer();
    server.answer = ({ path, token }) => {
      if (!path.startsWith("/notifications")) {
        return undefined;
      }
      return failures.shift() ?? { body: answerOf(path, stored.filter(({ to = "ada" }) => to === token)) };
    };
    element = document.createElement("div");
    document.body.append(element);
    root = createRoot(element);
  });
  afterEach(async () => {
    root.unmount();
    element.remove();
    await until("end of every connection", () => server.sockets.size === 0);
    await server.close();
  });
  after(() => window.happyDOM.close());

  function answerOf(path, mine) {
    const { pathname, searchParams } = new URL(path, "http://a");
    const unread = () => mine.filter(({ readAt }) => readAt === null).length;
    if (pathname === "/notifications") {
      const from = Number(searchParams.get("cursor") ?? 0);
      const to = from + Number(searchParams.get("limit"));
      const notifications = mine.slice(from, to).map(({ to, ...notification }) => notification);
      return { notifications, nextCursor: to < mine.length ? String(to) : null, unreadCount: unread() };
    }
    for (const notification of mine) {
      if (pathname === "/notifications/read-all" || pathname === `/notifications/${notification.notificationId}/read`) {
        notification.readAt = "2026-11-20T05:18:15.123Z";
      }
    }
    return { unreadCount: unread() };
  }

  let count = 0;
  function store(message, changes = {}) {
    count += 1;
    const notification = { notificationId: `n-${count}`, type: "SYSTEM", title: `Title of ${message}`, message, data: {}, priority: "normal", createdAt: new Date().toISOString(), readAt: null, ...changes };
    stored.unshift(notification);
    return notification;
  }
  const send = ({ type, message, notificationId }) => server.send("private-user-ada", "notification:new", { type, message, data: { notificationId } });

  const render = (children, { userId = "ada" } = {}) => root.render(h(CarillonProvider, { ...server.options, userId, token: userId ?? "" }, children));
  const bell = () => element.querySelector(".carillon-inbox-bell");
  const label = () => bell()?.getAttribute("aria-label");
  const said = () => element.querySelector('[role="status"]').textContent;
  const items = () => [...element.querySelectorAll("button[data-id]")];
  const panel = () => element.querySelector('[role="dialog"]');
  const button = (text) => [...element.querySelectorAll("button")].find(({ textContent }) => textContent === text);
  const isLive = () => server.subscriptions.includes("private-user-ada");
  const asked = (path) => server.asked.filter(({ path: of }) => of.startsWith(path)).length;
  async function opened(props) {
    render(h(Inbox, props));
    await until("bell", bell);
    bell().click();
    await until("panel", panel);
  }

  test("says that there is nothing, once it knows", async () => {
    let letGo;
    server.before = ({ path }) => (path.startsWith("/notifications") ? new Promise((resolve) => (letGo = resolve)) : undefined);
    await opened();
    assert.match(panel().textContent, /Loading notifications/);
    assert.equal(element.querySelector('[aria-busy="true"]') !== null, true);
    await until("request", () => letGo);
    server.before = async () => {};
    letGo();
    await until("empty state", () => /You are all caught up/.test(panel().textContent));
    assert.equal(button("Mark all as read"), undefined);
  });

  test("says that it failed, and tries again when asked to", async () => {
    failures = [{ status: 403, body: { message: "The token has expired; sign in again" } }];
    failures.push(...failures);
    await opened();
    await until("failure", () => /could not be loaded/.test(panel().textContent));
    assert.match(panel().textContent, /The token has expired/);
    failures = [];
    button("Try again").click();
    await until("empty state", () => /caught up/.test(panel().textContent));
  });

  test("counts the unread ones, lists the newest first and marks one as read when it is chosen", async () => {
    store("first", { readAt: "2026-11-20T05:18:15.123Z" });
    store("second");
    const chosen = [];
    await opened({ onSelect: (notification) => chosen.push(notification.message) });
    await until("label", () => label() === "Notifications, 1 unread");
    assert.deepEqual(items().map((item) => item.querySelector(".carillon-inbox-item-message").textContent), ["second", "first"]);
    items()[0].click();
    await until("label", () => label() === "Notifications");
    await until("request", () => asked(`/notifications/${stored[0].notificationId}/read`) === 1);
    assert.deepEqual(chosen, ["second"]);
    items()[0].click();
    assert.equal(asked(`/notifications/${stored[0].notificationId}/read`), 1, "it was read before");
  });

  test("rings and says so when a notification comes", async () => {
    const own = [];
    render(h(Inbox, { onNew: ({ message }) => own.push(message) }));
    await until("subscription", isLive);
    send(store("A parcel"));
    await until("label", () => label() === "Notifications, 1 unread");
    assert.equal(said(), "New notification: A parcel");
    const words = element.querySelector('[role="status"]').firstChild;
    send(store("A parcel"));
    await until("label", () => label() === "Notifications, 2 unread");
    assert.notEqual(element.querySelector('[role="status"]').firstChild, words, "the same words are announced again");
    assert.ok(bell().hasAttribute("data-ringing"));
    assert.deepEqual(own, ["A parcel", "A parcel"]);
    await until("silence", () => !bell().hasAttribute("data-ringing"));
  });

  test("marks all as read, and takes that back if it is refused", async () => {
    [1, 2, 3].forEach((n) => store(`number ${n}`));
    await opened({ limit: 2 });
    await until("label", () => label() === "Notifications, 3 unread");
    await until("subscription", isLive);
    await until("quiet", () => asked("/notifications") >= 3);
    failures = [{ status: 403, body: { message: "Not now" } }];
    button("Mark all as read").click();
    await until("refusal", () => /Not now/.test(panel().textContent));
    assert.equal(label(), "Notifications, 3 unread");
    button("Mark all as read").click();
    await until("label", () => label() === "Notifications");
    await until("words", () => said() === "All notifications are read");
    assert.equal(element.querySelectorAll("[data-unread]").length, 0);
  });

  test("hears what is read in another tab", async () => {
    [1, 2, 3].forEach((n) => store(`number ${n}`));
    await opened({ limit: 2 });
    await until("label", () => label() === "Notifications, 3 unread");
    await until("subscription", isLive);
    const readAt = "2026-11-20T05:18:15.123Z";
    /** Carillon stores the mark before it sends the event. */
    const read = (notificationId) => {
      stored.filter((one) => notificationId === null || one.notificationId === notificationId).forEach((one) => (one.readAt = readAt));
      server.send("private-user-ada", "notification:read", { notificationId, readAt });
    };
    read(stored[0].notificationId);
    await until("label", () => label() === "Notifications, 2 unread");
    assert.equal(element.querySelectorAll("[data-unread]").length, 1);
    read(stored[0].notificationId);
    read(stored[2].notificationId);
    await until("the count of one that is not listed", () => label() === "Notifications, 1 unread");
    read(null);
    await until("label", () => label() === "Notifications");
    assert.equal(element.querySelectorAll("[data-unread]").length, 0);
  });

  test("says that it has no connection, and goes on without one", async () => {
    await opened();
    await until("subscription", isLive);
    assert.doesNotMatch(panel().textContent, /Reconnecting/);
    server.goAway();
    store("Meanwhile");
    await until("notice", () => /Reconnecting\. New notifications may take a moment/.test(panel().textContent));
    await until("label", () => label() === "Notifications, 1 unread");
    server.comeBack();
    await until("no notice", () => !/Reconnecting/.test(panel().textContent));
  });

  test("shows older ones when asked to, and keeps them when a new one comes", async () => {
    [1, 2, 3, 4, 5].forEach((n) => store(`number ${n}`));
    await opened({ limit: 2 });
    await until("first page", () => items().length === 2);
    button("Show older").click();
    await until("second page", () => items().length === 4);
    await until("subscription", isLive);
    send(store("number 6"));
    await until("new one", () => items().length === 5);
    button("Show older").click();
    await until("all", () => items().length === 6);
    assert.deepEqual(items().map((item) => item.querySelector(".carillon-inbox-item-message").textContent), [6, 5, 4, 3, 2, 1].map((n) => `number ${n}`));
    assert.equal(button("Show older"), undefined);
  });

  test("speaks the language that it is given, and shows what the app renders", async () => {
    store("bonjour");
    const strings = { title: "Messages", bell: (count) => `Messages, ${count} non lus`, readAll: "Tout marquer comme lu" };
    await opened({ strings, renderNotification: ({ message }) => h("em", null, message) });
    await until("label", () => label() === "Messages, 1 non lus");
    assert.equal(element.querySelector("h2").textContent, "Messages");
    assert.ok(button("Tout marquer comme lu"));
    assert.equal(items()[0].querySelector("em").textContent, "bonjour");
  });

  test("is another one for another user, and empty without one", async () => {
    store("for Ada");
    store("for Ben", { to: "ben" });
    store("for Ben, too", { to: "ben" });
    render(h(Inbox));
    await until("Ada's", () => label() === "Notifications, 1 unread");
    render(h(Inbox), { userId: "ben" });
    await until("Ben's", () => label() === "Notifications, 2 unread");
    render(h(Inbox), { userId: null });
    await until("none", () => label() === "Notifications");
  });

  test("asks again after a failure that may pass", async () => {
    store("one");
    failures = [{ status: 503, body: {} }, { status: 429, body: {} }];
    render(h(Inbox));
    await until("label", () => label() === "Notifications, 1 unread");
  });

  function Watch({ use, seen }) {
    seen.push(use());
    return null;
  }

  test("the hooks know the notifications, the connection and who is present", async () => {
    store("one");
    const [lists, states, rooms] = [[], [], []];
    render([
      h(Watch, { key: 1, use: useNotifications, seen: lists }),
      h(Watch, { key: 2, use: useConnectionState, seen: states }),
      h(Watch, { key: 3, use: () => usePresence("presence-room-1"), seen: rooms }),
    ]);
    await until("live list", () => lists.at(-1)?.isLive && lists.at(-1).status === "ready");
    assert.equal(lists.at(-1).unreadCount, 1);
    await until("connection", () => states.at(-1) === "connected");
    await until("members", () => rooms.at(-1)?.members.length === 1);
    assert.equal(rooms.at(-1).me.id, "ada");
  });

  test("a page that was read before a read mark does not take the mark back", async () => {
    store("one");
    const lists = [];
    render(h(Watch, { use: useNotifications, seen: lists }));
    await until("list", () => lists.at(-1)?.status === "ready");
    let letGo;
    server.before = ({ path }) => (path.startsWith("/notifications?") ? new Promise((resolve) => (letGo = resolve)) : undefined);
    const old = answerOf("/notifications?limit=20", structuredClone(stored));
    const refreshed = lists.at(-1).refresh();
    await until("request", () => letGo);
    failures = [{ body: {} }];
    await lists.at(-1).markRead(stored[0].notificationId);
    stored[0].readAt = "2026-11-20T05:18:15.123Z";
    failures = [{ body: old }];
    server.before = async () => {};
    letGo();
    await refreshed;
    assert.ok(lists.every(({ unreadCount }, index) => unreadCount === 0 || index < lists.findIndex(({ unreadCount, status }) => status === "ready" && unreadCount === 0)));
    assert.equal(lists.at(-1).unreadCount, 0);
  });
});
