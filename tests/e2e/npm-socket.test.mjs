// The npm package's own client of the WebSocket API, which needs no Socket.IO.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import WebSocket from "ws";

import { expecting } from "./support/api.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { load } from "./support/npm-package.mjs";
import { newId, person, service } from "./support/people.mjs";
import { met, SOCKETS } from "./support/sockets.mjs";
import { until } from "./support/wait.mjs";

describe("connectSocket of the npm package", () => {
  let carillon;

  before(async () => {
    carillon = await load("carillon");
  });

  /** A connection with all events of these names that it got. */
  function open(t, namespace, user, names) {
    const socket = carillon.connectSocket(namespace, { socketUrl: SOCKETS, token: user.token, WebSocket });
    cleanUp(t, () => socket.close());
    const heard = [];
    for (const name of names) {
      socket.on(name, (data) => {
        met(namespace === "dashboard" ? "dashboard" : "ws", name, data);
        heard.push([name, data]);
      });
    }
    return { socket, next: (name) => until(name, () => heard.find(([said]) => said === name)?.[1]) };
  }

  test("hears a notification on a dashboard", async (t) => {
    const ada = person("Ada");
    const { next } = open(t, "dashboard", ada, ["connected", "notification"]);
    assert.equal((await next("connected")).userId, ada.userId);
    await expecting(201, "POST", "/notifications", { as: service(), json: { userId: ada.userId, type: "SYSTEM" } });
    assert.equal((await next("notification")).type, "SYSTEM");
  });

  test("sends a direct message, which the other one hears", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const atBen = open(t, "directMessages", ben, ["message:new"]);
    const atAda = open(t, "directMessages", ada, ["message:sent"]);
    for (const { socket } of [atAda, atBen]) {
      await until("connection", () => socket.state === "connected");
    }
    await until("both users", async () => {
      atAda.socket.send("sendMessage", { receiverId: ben.userId, content: "Hello", clientMessageId: newId("message") });
      return atBen.next("message:new");
    });
    assert.equal((await atBen.next("message:new")).content, "Hello");
    await atAda.next("message:sent");
  });
});
