import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, test } from "node:test";

import { connectSocket } from "carillon";
import { WebSocket, WebSocketServer } from "ws";

import { until } from "./support/until.mjs";

describe("A socket", () => {
  let http, sockets, opened, heard, socketUrl, connection;

  beforeEach(async () => {
    [opened, heard] = [[], []];
    http = createServer();
    sockets = new WebSocketServer({ server: http });
    sockets.on("connection", (socket, { url }) => {
      opened.push({ socket, url });
      socket.on("message", (frame) => heard.push(JSON.parse(frame)));
    });
    await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
    socketUrl = `http://127.0.0.1:${http.address().port}/`;
  });
  afterEach(async () => {
    connection?.close();
    sockets.clients.forEach((socket) => socket.terminate());
    await new Promise((resolve) => http.close(resolve));
  });

  const open = (namespace, options) => (connection = connectSocket(namespace, { socketUrl, token: "ada", WebSocket, ...options }));

  test("connects to its namespace with the token, and receives and sends events", async () => {
    const told = [];
    open("directMessages", { names: "lower" });
    const stop = connection.on("message:new", (message) => told.push(message));
    assert.equal(connection.send("sendMessage", { receiverId: "ben", content: "Hello" }), false, "before it is open");
    await until("connection", () => connection.state === "connected");
    assert.equal(opened[0].url, "/ws?token=ada&names=lower");
    assert.equal(connection.send("sendMessage", { receiverId: "ben", content: "Hello" }), true);
    await until("frame", () => heard.length === 1);
    assert.deepEqual(heard, [{ event: "sendMessage", data: { receiverId: "ben", content: "Hello" } }]);

    const say = (event, data) => opened[0].socket.send(JSON.stringify({ event, data }));
    opened[0].socket.send("no JSON");
    say("ping");
    say("message:new", { content: "Hi" });
    await until("event", () => told.length > 0);
    stop();
    say("message:new", { content: "Again" });
    say("message:new", { content: "Again" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(told, [{ content: "Hi" }]);
  });

  test("comes back with the token of that moment, and says so", async () => {
    let token = "first";
    const states = [];
    open("dashboard", { token: async () => token, onState: (state) => states.push(state) });
    await until("connection", () => connection.state === "connected");
    token = "second";
    opened[0].socket.terminate();
    await until("another connection", () => opened.length === 2 && connection.state === "connected");
    assert.deepEqual(opened.map(({ url }) => url), ["/dashboard?token=first", "/dashboard?token=second"]);
    assert.deepEqual(states, ["connected", "connecting", "connected"]);
  });

  test("tries again when there is no token yet", async () => {
    let failures = 1;
    open("dashboard", { token: async () => { if (failures-- > 0) throw new Error("signed out"); return "ada"; } });
    await until("connection", () => connection.state === "connected");
  });

  test("asks why a handshake was refused, tells it once, and is not connected meanwhile", async () => {
    let isGood = false;
    const [states, told, asked] = [[], [], []];
    const said = { error: "Unauthorized", message: "The token has expired; sign in again", timestamp: "" };
    sockets.options.verifyClient = ({ req: { url } }) => {
      asked.push(new URL(url, "ws://x").searchParams.get("refusal"));
      return isGood || url.includes("refusal=event");
    };
    sockets.on("connection", (socket) => {
      if (!isGood) {
        socket.send(JSON.stringify({ event: "error", data: said }));
        socket.close();
      }
    });
    open("dashboard", { onState: (state) => states.push(state), onError: (error) => told.push(error) });
    await until("three attempts", () => asked.length >= 3);
    assert.deepEqual(asked.slice(0, 3), [null, "event", "event"]);
    assert.deepEqual(told.map(({ name, status, message }) => [name, status, message]), [["RefusedError", 401, said.message]]);
    assert.deepEqual(states, []);
    isGood = true;
    await until("connection", () => connection.state === "connected");
  });

  test("says in the console that there is no connection", async (t) => {
    const shown = t.mock.method(console, "error", () => {});
    open("dashboard", { socketUrl: "ws://127.0.0.1:9/" });
    await until("a line", () => shown.mock.callCount() > 0);
    const said = "Carillon: No connection to ws://127.0.0.1:9/dashboard: check the address and the network";
    assert.deepEqual(shown.mock.calls[0].arguments, [said]);
  });

  test("that is closed stays closed", async () => {
    open("dashboard");
    await until("connection", () => connection.state === "connected");
    connection.close();
    await until("end", () => sockets.clients.size === 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.deepEqual([connection.state, opened.length], ["closed", 1]);
  });
});
