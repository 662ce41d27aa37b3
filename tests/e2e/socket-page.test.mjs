// WebSockets in a real browser, on a page of the stack's own origin: the app's two classes, and the page's own WebSocket.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { expecting } from "./support/api.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { person, service } from "./support/people.mjs";
import { connectIo } from "./support/sockets.mjs";
import { stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The app's two classes as they are, but for the address, which is another port in tests. */
async function bundle() {
  const address = {
    name: "address",
    setup: ({ onLoad }) =>
      onLoad({ filter: /-service\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replaceAll("http://localhost:3000", stack.url),
        loader: "ts",
      })),
  };
  const contents = 'export * from "./dashboard-service.ts"; export * from "./messaging-service.ts";';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here("clients"), loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "app",
    plugins: [address],
    logLevel: "error",
  });
  return outputFiles[0].text;
}

describe("Sockets in Chromium", { skip: unavailable }, () => {
  let browser, script;

  before(async () => {
    [browser, script] = [await launch(), await bundle()];
  });

  after(() => browser?.close());

  /** A page that the stack's origin has, with what it logs and the WebSockets that it opens. */
  async function open(t) {
    const context = await newContext(t, browser);
    const page = await context.newPage();
    const [faults, lines, sockets] = [[], [], []];
    page.on("pageerror", (fault) => faults.push(fault));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw"));
    page.on("console", async (message) => lines.push(await Promise.all(message.args().map((value) => value.jsonValue()))));
    page.on("websocket", (socket) => sockets.push(socket));
    // Served by the stack itself: Chromium keeps a page whose answer a test makes up away from addresses of this machine.
    await page.goto(new URL("/health", stack.url).href);
    await page.addScriptTag({ content: script });
    const said = (text) => until(text, () => lines.find(([first]) => first === text)?.[1]);
    return { page, sockets, said };
  }

  test("the app's two classes run on one page, over one connection", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const { page, sockets, said } = await open(t);
    await page.evaluate(({ userId, token }) => {
      app.dashboardService.connect(userId, token);
      app.messagingService.connect(userId, token);
      app.messagingService.socket.on("message:read", (read) => console.log("Read:", read));
      app.dashboardService.socket.on("subscribed", (data) => console.log("Subscribed:", data));
    }, ada);
    assert.equal((await said("Dashboard connected:")).userId, ada.userId);
    const other = connectIo(t, "ws", grace);
    await until("both", async () => other.socket.connected && page.evaluate(() => app.messagingService.socket.connected));

    await page.evaluate((receiver) => app.messagingService.sendMessage(receiver, "Hello"), grace.userId);
    const message = await other.next("MESSAGE_BROADCAST");
    assert.deepEqual([message.senderId, message.content], [ada.userId, "Hello"]);
    await page.evaluate((receiver) => app.messagingService.startTyping(receiver), grace.userId);
    assert.equal((await other.next("TYPING_INDICATOR")).isTyping, true);
    other.socket.emit("markAsRead", { messageId: message.id });
    assert.equal((await said("Read:")).messageId, message.id);
    other.socket.emit("sendMessage", { receiverId: ada.userId, content: "Good evening" });
    assert.equal((await said("New message:")).content, "Good evening");

    await page.evaluate(() => app.dashboardService.subscribe(["referrals", "events"]));
    assert.deepEqual(await said("Subscribed:"), { channels: ["referrals", "events"] });
    await expecting(202, "POST", "/dashboard/events", { as: service(), json: { event: "activity", userId: ada.userId, data: { message: "New" } } });
    assert.equal((await said("Activity update:")).message, "New");
    await expecting(202, "POST", "/dashboard/events", { as: service(), json: { event: "stats_update", userId: ada.userId, data: { posts: 89 } } });
    assert.equal((await said("Stats update:")).posts, 89);
    await expecting(201, "POST", "/notifications", { as: service(), json: { userId: ada.userId, type: "SYSTEM", data: {} } });
    assert.equal((await said("New notification:")).type, "SYSTEM");
    assert.equal(sockets.length, 1, "one manager, and so one connection");

    const isOnline = async () => (await expecting(200, "GET", `/dashboard/online/${ada.userId}`, { as: grace })).online;
    await page.evaluate(() => app.dashboardService.disconnect());
    // The server answers the other namespace after the end of this one.
    await page.evaluate((receiver) => app.messagingService.sendMessage(receiver, "Still here"), grace.userId);
    await until("the message", () => other.named("MESSAGE_BROADCAST").some(({ content }) => content === "Still here"));
    assert.equal(await page.evaluate(() => app.messagingService.socket.connected), true);
    assert.equal(await isOnline(), true, "a user with one connection is online");
    await page.evaluate(() => app.messagingService.socket.disconnect());
    await until("the end of the other namespace", async () => !(await isOnline()));
  });

  test("the page's own WebSocket speaks plain JSON, and the page finds the API on its origin", async (t) => {
    const [ada, grace] = [person("Ada"), person("Grace")];
    const { page } = await open(t);
    const other = connectIo(t, "ws", grace);
    await until("Grace", () => other.socket.connected);
    await page.evaluate(({ userId, token }) => {
      window.told = [];
      window.sockets = ["dashboard", "ws"].map((namespace) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/${namespace}?userId=${userId}&token=${token}`);
        socket.onmessage = ({ data }) => window.told.push({ namespace, ...JSON.parse(data) });
        return socket;
      });
    }, ada);
    const told = (name) => until(name, () => page.evaluate((name) => window.told.find(({ event }) => event === name), name));
    assert.equal((await told("connected")).data.userId, ada.userId);
    await until("/ws", () => page.evaluate(() => window.sockets[1].readyState === WebSocket.OPEN));
    await page.evaluate((receiverId) => {
      window.sockets[0].send(JSON.stringify({ event: "subscribe", data: { channels: ["referrals"] } }));
      window.sockets[1].send(JSON.stringify({ event: "sendMessage", data: { receiverId, content: "Hello" } }));
    }, grace.userId);
    assert.deepEqual((await told("subscribed")).data, { channels: ["referrals"] });
    assert.equal((await told("message:sent")).data.content, "Hello");
    assert.equal((await other.next("message:new")).content, "Hello");

    const count = ({ token }) => fetch("/api/notifications/unread-count", { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.json());
    assert.deepEqual(await page.evaluate(count, ada), await expecting(200, "GET", "/notifications/unread-count", { as: ada }));
  });
});
