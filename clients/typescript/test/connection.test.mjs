import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { connect, keepInSync, keepSubscribed, readUntil, RefusedError } from "carillon";
import Pusher from "pusher-js";

import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

/** For conditions that need several attempts with growing delays. */
const PATIENCE = 30_000;

describe("A connection", () => {
  let server, connection;

  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(async () => {
    connection?.close();
    connection = undefined;
    await server.close();
  });

  const open = (options) => {
    connection = connect({ ...server.options, token: "ada", ...options });
    return connection.pusher;
  };
  const isSubscribed = (channel) => () => server.subscriptions.includes(channel);

  test("receives an event on a channel that Carillon authorized", async () => {
    const heard = [];
    open().subscribe("private-user-ada").bind("notification:new", (notification) => heard.push(notification));
    await until("subscription", isSubscribed("private-user-ada"));

    const sent = { type: "SYSTEM", message: "Hello.", data: { notificationId: "n-1" } };
    server.send("private-user-ada", "notification:new", sent);
    await until("event", () => heard.length > 0);
    assert.deepEqual(heard, [sent]);
  });

  test("is made to the host of the API, where that serves the channels too", async () => {
    connection = connect({ apiUrl: server.options.apiUrl, appKey: server.options.appKey, token: "ada" });
    connection.pusher.subscribe("private-user-ada");
    await until("subscription", isSubscribed("private-user-ada"));
  });

  test("is made with TLS to a host of its own, and to Pusher's cluster", () => {
    const hostOf = (options) => {
      const { pusher, close } = connect({ apiUrl: "https://api.example", appKey: "key", token: "ada", ...options });
      close();
      const { wsHost, wssPort, useTLS, enabledTransports } = pusher.config;
      return [wsHost, wssPort, useTLS, enabledTransports?.includes("wss")];
    };
    assert.deepEqual(hostOf({}), ["api.example", 443, true, true]);
    assert.deepEqual(hostOf({ wsHost: "ws.example", wsPort: 8443, forceTLS: true }), ["ws.example", 8443, true, true]);
    assert.deepEqual(hostOf({ cluster: "eu" }), ["ws-eu.pusher.com", 443, true, undefined]);
  });

  test("signs in, so that Carillon can end it", async () => {
    const pusher = open();
    await until("sign-in", () => pusher.user.user_data?.id === "ada");
  });

  test("does not sign a guest in, and asks the guests' route for authorization", async () => {
    const channelAuthUrl = `${server.options.apiUrl}/api/guest/hotel/killarney/chat/pusher/auth`;
    open({ signIn: false, channelAuthUrl }).subscribe("private-hotel-killarney-guest-chat-booking-B1");
    await until("subscription", () => server.subscriptions.length === 1);
    assert.deepEqual(server.asked.map(({ path }) => path), ["/api/guest/hotel/killarney/chat/pusher/auth"]);
  });

  test("asks with the token of that moment", async () => {
    let token = "first";
    const pusher = open({ token: async () => token, signIn: false });
    pusher.subscribe("private-user-ada");
    await until("subscription", isSubscribed("private-user-ada"));
    token = "second";
    pusher.subscribe("private-party-1");
    await until("subscription", isSubscribed("private-party-1"));
    assert.deepEqual(server.asked.map(({ token }) => token), ["first", "second"]);
  });

  test("asks again while Carillon fails or asks to wait", async () => {
    const failures = [{ status: 503, body: {} }, { status: 429, headers: { "retry-after": "0" }, body: {} }];
    server.answer = () => failures.shift();
    open({ signIn: false }).subscribe("private-user-ada");
    await until("subscription", isSubscribed("private-user-ada"));
    assert.equal(server.asked.length, 3);
  });

  test("reports an authorization that keeps failing, and subscribes once Carillon has recovered", async () => {
    let isDown = true;
    server.answer = ({ path }) => (isDown && path === "/pusher/auth" ? { status: 500, body: { message: "Try again" } } : undefined);
    const told = [];
    const channel = open({ signIn: false }).subscribe("private-user-ada");
    channel.bind("pusher:subscription_error", ({ error }) => told.push(error));
    await until("error", () => told.length > 0, PATIENCE);
    assert.deepEqual(told, ["Try again"]);
    assert.equal(channel.subscribed, false);
    isDown = false;
    await until("subscription", () => channel.subscribed, PATIENCE);
    assert.deepEqual(server.subscriptions, ["private-user-ada"]);
  });

  test("tells once for what it is refused: the connection, a channel, the sign-in", async () => {
    const told = [];
    const message = "The token has expired; sign in again";
    server.answer = () => ({ status: 401, body: { error: "Unauthorized", message } });
    const onError = (error, channel) => told.push([error.name, error.status, error.message, channel]);
    const channel = open({ onError }).subscribe("private-user-ada");
    await until("both", () => told.length === 2);
    assert.deepEqual(
      told.toSorted(([, , , one]) => (one ? 1 : -1)),
      [["RefusedError", 401, message, undefined], ["RefusedError", 401, message, "private-user-ada"]],
    );
    channel.unsubscribe();
    server.end(4001, "There is no app with this key here");
    await until("the end", () => told.length === 3);
    assert.deepEqual(told[2], ["RefusedError", 4001, "There is no app with this key here", undefined]);
  });

  test("shows in the console what nobody asks for", async (t) => {
    const shown = t.mock.method(console, "error", () => {});
    server.answer = () => ({ status: 403, body: { message: "Not authorized to access this channel" } });
    open({ signIn: false }).subscribe("private-user-ben");
    await until("a line", () => shown.mock.callCount() > 0);
    assert.deepEqual(shown.mock.calls[0].arguments, ["Carillon: private-user-ben: Not authorized to access this channel"]);
  });

  test("signs in once Carillon has recovered, however often it failed", async () => {
    const failures = Array.from({ length: 5 }, () => ({ status: 503, body: {} }));
    server.answer = ({ path }) => (path === "/pusher/user-auth" ? failures.shift() : undefined);
    const pusher = open();
    await until("sign-in", () => pusher.user.user_data?.id === "ada", PATIENCE);
    assert.equal(failures.length, 0);
  });

  test("asks once when Carillon refuses, and reports Carillon's reason", async () => {
    server.answer = () => ({ status: 403, body: { error: "Forbidden", message: "Not authorized to access this channel" } });
    const errors = [];
    open({ signIn: false }).subscribe("private-party-1").bind("pusher:subscription_error", (error) => errors.push(error));
    await until("refusal", () => errors.length > 0);
    assert.deepEqual(errors, [{ type: "AuthError", error: "Not authorized to access this channel" }]);
    assert.equal(server.asked.length, 1);
    assert.equal(new RefusedError(403, "no").name, "RefusedError");
  });

  test("never sends the signature of a connection that is gone", async () => {
    let letGo;
    const held = new Promise((resolve) => (letGo = resolve));
    server.before = ({ body }) => (body.socket_id === "1.1" ? held : undefined);
    open().subscribe("private-user-ada");
    await until("request", () => server.asked.length === 2);
    server.end(4200);
    await until("subscription of the next connection", isSubscribed("private-user-ada"));
    letGo();
    await until("both answers", () => server.asked.length >= 4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(server.faults, []);
    assert.equal(server.count, 2);
  });

  test("that ends with 4009 is made again, with all of its channels", async () => {
    const pusher = open();
    pusher.subscribe("private-user-ada");
    pusher.subscribe("private-party-1");
    await until("subscriptions", () => server.subscriptions.length === 2);
    server.answer = ({ body }) => (body.channel_name === "private-party-1" ? { status: 403, body: {} } : undefined);
    server.end(4009, "Connection terminated");
    await until("another connection", () => server.count === 2 && server.subscriptions.length === 1);
    assert.deepEqual(server.subscriptions, ["private-user-ada"]);
  });

  test("that is closed stays closed", async () => {
    const pusher = open();
    await until("connection", () => server.sockets.size === 1);
    server.end(4009);
    connection.close();
    await until("end", () => server.sockets.size === 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(server.count, 1);
    assert.equal(pusher.connection.state, "disconnected");
  });

  test("reads once more a moment after it became live, as an index may be behind", async (t) => {
    const pusher = open();
    const channel = pusher.subscribe("private-user-ada");
    const reads = [];
    t.after(keepInSync(pusher, channel, { poll: () => reads.push(channel.subscribed), settleMs: 50, graceMs: 60_000 }));
    await until("two reads", () => reads.length === 2);
    assert.deepEqual(reads, [true, true]);
  });

  test("reads the state once it is live, at intervals while it is not, and again after a reconnect", async (t) => {
    const pusher = open();
    const channel = pusher.subscribe("private-user-ada");
    const reads = [];
    const polling = [];
    const stop = keepInSync(pusher, channel, {
      poll: async () => reads.push(channel.subscribed),
      everyMs: 20,
      graceMs: 20,
      onPolling: (isPolling) => polling.push(isPolling),
    });
    t.after(stop);
    await until("first read", () => reads.includes(true));

    server.goAway();
    const whenGone = reads.length;
    await until("reads without Pusher", () => reads.slice(whenGone).filter((live) => !live).length >= 3);
    assert.equal(polling.at(-1), true);

    server.comeBack();
    const whenBack = reads.length;
    await until("a read when it is back", () => reads.slice(whenBack).includes(true));
    assert.equal(polling.at(-1), false);
  });
});

describe("A client of pusher-js of one's own", () => {
  let server, pusher;

  beforeEach(async () => {
    server = await startServer();
    const { apiUrl, appKey, ...options } = server.options;
    const channelAuthorization = { endpoint: `${apiUrl}/pusher/auth`, transport: "ajax", headers: { authorization: "Bearer ada" } };
    pusher = new Pusher(appKey, { ...options, cluster: "mt1", enabledTransports: ["ws"], channelAuthorization });
  });
  afterEach(async () => {
    pusher.disconnect();
    await server.close();
  });

  test("is connected without events after one failed authorization; keepSubscribed subscribes again", async (t) => {
    const failures = { "private-user-ada": [{ status: 500, body: {} }], "private-party-1": [{ status: 500, body: {} }] };
    server.answer = ({ body }) => failures[body.channel_name]?.shift();
    const alone = pusher.subscribe("private-party-1");
    const kept = pusher.subscribe("private-user-ada");
    t.after(keepSubscribed(pusher, kept));
    const heard = [];
    kept.bind("notification:new", (notification) => heard.push(notification));
    await until("subscription", () => kept.subscribed);
    server.send("private-user-ada", "notification:new", { message: "Hello." });
    await until("event", () => heard.length > 0);
    assert.equal(pusher.connection.state, "connected");
    assert.equal(alone.subscribed, false, "pusher-js alone does not subscribe again");
  });
});

describe("A list that is read for an event", () => {
  const isNewEnough = (seqs) => seqs.includes(2);

  test("is read until it is as new as the event, and again after a failed read", async () => {
    const answers = [() => [1], () => Promise.reject(new Error("503")), () => [1], () => [1, 2], () => assert.fail("one too many")];
    assert.deepEqual(await readUntil(async () => answers.shift()(), isNewEnough), [1, 2]);
    assert.equal(answers.length, 1);
  });

  test("is the last read one when it does not become new enough", async () => {
    let reads = 0;
    assert.deepEqual(await readUntil(async () => [(reads += 1) * 10], isNewEnough, { tries: 2 }), [20]);
    await assert.rejects(readUntil(() => Promise.reject(new Error("503")), isNewEnough, { tries: 2 }), /503/);
  });

  test("is not read any more after the signal's abort", async () => {
    const signal = AbortSignal.timeout(20);
    await assert.rejects(readUntil(async () => [], isNewEnough, { signal }), { name: "TimeoutError" });
  });
});
