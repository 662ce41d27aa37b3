// A developer sees the reason of each refusal in the real client's own error.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";

import Pusher from "pusher-js";
import { io } from "socket.io-client";
import { WebSocket } from "ws";

import { cleanUp } from "./support/cleanup.mjs";
import { load } from "./support/npm-package.mjs";
import { person } from "./support/people.mjs";
import { SOCKETS } from "./support/sockets.mjs";
import { connection, isGateway, stack } from "./support/stack.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { inTime, until } from "./support/wait.mjs";
import { open, plain } from "./support/websocket.mjs";

const EXPIRED = () => token({ sub: "ada", exp: inSeconds(-60) });
const NO_POLLING = 'transport must be websocket: set transports: ["websocket"], since there is no HTTP long-polling here';

/** The first `connect_error` of socket.io-client. */
async function connectError(t, namespace, options) {
  const socket = io(`${stack.url}${namespace}`, { forceNew: true, ...options });
  cleanUp(t, () => socket.disconnect());
  const error = await inTime("connect_error", new Promise((resolve) => socket.once("connect_error", resolve)));
  return { message: error.message, data: error.data, isGoingOn: socket.active };
}

describe("socket.io-client", () => {
  const transports = ["websocket"];

  test("shows why its token is refused, wherever it sent it, and stops", async (t) => {
    const [ada, eve] = [person("Ada"), person("Eve")];
    for (const [query, status, message] of [
      [{ token: EXPIRED() }, 401, "The token has expired; sign in again"],
      [{ token: "x.y.z" }, 401, "The token is not valid here; sign in again"],
      [{ token: token({ exp: inSeconds(60) }) }, 401, /^The token does not name its user: it needs the claim/],
      [{ token: ada.token, userId: eve.userId }, 403, "userId must be the user whom the token names"],
    ]) {
      const told = await connectError(t, "/ws", { transports, query });
      assert.deepEqual([told.data, told.isGoingOn], [{ status }, false]);
      assert.match(told.message, message instanceof RegExp ? message : new RegExp(`^${message}$`));
    }
    const told = await connectError(t, "/dashboard", { transports, auth: { token: EXPIRED() } });
    assert.deepEqual(told, { message: "The token has expired; sign in again", data: { status: 401 }, isGoingOn: false });
  });

  test("connects after a refusal, with another token", async (t) => {
    const ada = person("Ada");
    const socket = io(`${stack.url}/ws`, { transports, forceNew: true, query: { token: EXPIRED() } });
    cleanUp(t, () => socket.disconnect());
    socket.once("connect_error", () => {
      socket.io.opts.query.token = ada.token;
      socket.connect();
    });
    await until("the connection", () => socket.connected);
  });

  test("shows that it must not poll, as it does by default", async (t) => {
    for (const namespace of ["/ws", "/dashboard", ""]) {
      const told = await connectError(t, namespace, { auth: { token: person().token } });
      assert.deepEqual([told.message, told.isGoingOn], [NO_POLLING, false]);
    }
  });

  test("shows that there is no such namespace", async (t) => {
    const told = await connectError(t, "/chat", { transports, auth: { token: person().token } });
    assert.equal(told.message, "Invalid namespace");
  });
});

test("the edge refuses a client that polls as the local stack does", () => {
  const template = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
  const [, code] = template.match(/FunctionCode: \|\n((?: {8}.*\n|\n)+)/);
  const handler = new Function(`${code}; return handler;`)();
  const page = { origin: { value: "https://app.example" } };
  const asked = (method, query) => handler({ request: { method, uri: "/socket.io/", querystring: query, headers: page } });
  const polling = { EIO: { value: "4" }, transport: { value: "polling" } };
  const { statusCode, body, headers } = asked("GET", polling);
  const [first, ...packets] = body.data.split("\x1e");
  assert.deepEqual([statusCode, headers["access-control-allow-origin"].value, first.slice(0, 2)], [200, "https://app.example", "0{"]);
  const refusals = packets.map((packet) => [packet.slice(0, packet.indexOf("{")), JSON.parse(packet.slice(packet.indexOf("{"))).message]);
  assert.deepEqual(refusals, ["44/dashboard,", "44/ws,", "44"].map((namespace) => [namespace, NO_POLLING]));
  const session = { ...polling, sid: { value: "refused" } };
  assert.deepEqual([asked("POST", session).body.data, asked("GET", session).body.data], ["ok", "1"]);
  assert.equal(asked("GET", { ...polling, transport: { value: "websocket" } }).uri, "/socketio");
});

describe("A plain WebSocket", () => {
  test("gets the reason in an error event where it asks for it, and is ended", async (t) => {
    const ada = person("Ada");
    const clients = await Promise.all(Array.from({ length: 5 }, () => plain(t, "ws", ada)));
    for (const [query, error, message] of [
      [`token=${EXPIRED()}`, "Unauthorized", "The token has expired; sign in again"],
      [`token=${ada.token}`, "Too Many Requests", "You have 5 connections here already; close one of them first"],
    ]) {
      const refused = await open(t, `${SOCKETS}/ws?refusal=event&${query}`);
      const frame = JSON.parse(await refused.frame((text) => text.includes('"error"')));
      assert.deepEqual([frame.event, frame.data.error, frame.data.message], ["error", error, message]);
      await refused.closed();
    }
    assert.ok(clients.every((client) => client.isOpen()));
  });

  test("a request of HTTP to its address gets the reason", async () => {
    for (const path of ["ws", "dashboard", "socket.io/", "app/carillon-local"]) {
      const response = await fetch(`${stack.url}/${path}`);
      assert.equal(response.status, 426, path);
      assert.match((await response.json()).message, /is an address of WebSockets: connect to it with a client of them/);
    }
  });
});

describe("The package carillon", () => {
  let carillon;
  before(async () => {
    carillon = await load("carillon");
  });
  const told = [];
  const onError = (error, channel) => told.push([error.status, error.message, channel]);
  const heard = (message) => until(message, () => told.find(([, said]) => said === message));

  test("shows why its WebSocket is refused", async (t) => {
    const socket = carillon.connectSocket("dashboard", { socketUrl: SOCKETS, token: EXPIRED(), WebSocket, onError });
    cleanUp(t, () => socket.close());
    assert.deepEqual(await heard("The token has expired; sign in again"), [401, "The token has expired; sign in again", undefined]);
    assert.equal(socket.state, "connecting");
  });

  test("shows why pusher-js is refused: a channel, the sign-in, the key", { skip: !isGateway }, async (t) => {
    const ada = person("Ada");
    const options = { apiUrl: stack.url, Pusher, onError };
    const connect = (more) => {
      const made = carillon.connect({ ...options, appKey: stack.pusher.key, token: ada.token, ...more });
      cleanUp(t, () => made.close());
      return made.pusher;
    };
    connect({}).subscribe("private-user-somebody-else");
    assert.equal((await heard("Not authorized to access this channel"))[2], "private-user-somebody-else");
    connect({ token: "x.y.z" });
    await heard("The token is not valid here; sign in again");
    connect({ appKey: "another" });
    const message = "There is no app with this key here: use the one that is configured as PusherKey";
    assert.equal((await heard(message))[0], 4001);
  });
});

test("pusher-js logs why its key is refused", { skip: !isGateway }, async (t) => {
  const lines = [];
  Pusher.log = (line) => lines.push(line);
  cleanUp(t, () => (Pusher.log = undefined));
  const pusher = new Pusher("another", { ...connection });
  cleanUp(t, () => pusher.disconnect());
  await until("the reason", () => lines.some((line) => line.includes("There is no app with this key here")));
});
