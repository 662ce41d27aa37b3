// A back end that uses carillon/server.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { load } from "./support/npm-package.mjs";
import { newId, person } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";

const SHIPPED = "order-shipped";

describe("A back end with carillon/server", () => {
  let carillon, backend;

  before(async () => {
    carillon = await load("carillon/server");
    backend = carillon.createBackend({ apiUrl: stack.url, key: { secret: stack.jwtSecret }, app: stack.pusher });
  });

  test("notifies one user and several", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    const notification = { type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives on Friday." };
    const { notificationId } = await backend.notify({ userId: ada.userId, ...notification });
    assert.equal((await listener.next("notification:new")).data.notificationId, notificationId);
    const { results } = await backend.notify({ userIds: [ada.userId, ben.userId, "a|b"], ...notification });
    assert.deepEqual(results.map(({ status }) => status), ["created", "created", "refused"]);
  });

  test("publishes events to a channel of its own, which the token it signs opens", async (t) => {
    const channel = `private-${newId("order")}`;
    const userId = newId("user");
    const listener = await listen(t, { userId, token: await backend.tokenFor({ sub: userId, channels: [channel] }) }, { foreign: [SHIPPED] });
    await listener.subscribe(channel);
    await backend.publish(channel, SHIPPED, { n: "é" });
    assert.deepEqual(await listener.next(SHIPPED), { n: "é" });
    await backend.publishBatch([{ channel, name: SHIPPED, data: { n: 2 } }, { channel, name: SHIPPED, data: null }]);
    await listener.next(SHIPPED, { n: 2 });
    await listener.signIn();
    await backend.endConnections(userId);
    await listener.ended();
  });

  test("gets its tokens from the stack of this machine", async () => {
    const local = carillon.createBackend({ apiUrl: stack.url });
    const ada = newId("user");
    const { notificationId } = await local.notify({ userId: ada, type: "SYSTEM" });
    const as = { token: await local.tokenFor({ sub: ada, name: "Ada", picture: "https://a.example/a.png" }) };
    assert.equal((await expecting(200, "GET", `/notifications/${notificationId}`, { as })).notificationId, notificationId);
    const { data } = await local.api.PUT("/books/{bookId}", { params: { path: { bookId: newId("book") } }, body: { authorId: ada } });
    assert.equal(data.authorId, ada);
  });

  test("is refused with Carillon's words", async () => {
    const forger = carillon.createBackend({ apiUrl: stack.url, key: { secret: "forged" }, app: { ...stack.pusher, secret: "forged" } });
    const notified = await forger.notify({ userId: "ben", type: "SYSTEM" }).catch((error) => error);
    assert.deepEqual([notified.name, notified.status], ["RefusedError", 401]);
    assert.match(notified.requestId, /./);
    await assert.rejects(forger.publish("news", SHIPPED, {}), { name: "RefusedError", status: 401 });
    const as = { token: await backend.tokenFor({ sub: newId("user") }) };
    assert.equal((await call("POST", "/notifications", { as, json: { userId: "ben", type: "SYSTEM" } })).status, 403);
  });
});
