// Channels of the app's own: a service says who may subscribe, or the token does.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person, service } from "./support/people.mjs";
import { server } from "./support/server.mjs";

const SHIPPED = "order-shipped";
const memberOf = (channel, { userId }) => `/channels/${channel}/members/${userId}`;

describe("A channel of the app's own", { concurrency: 4 }, () => {
  test("is open to its members, and closed to others, whose clients learn how to open it", async (t) => {
    const [ada, ben, backend] = [person("Ada"), person("Ben"), service()];
    const channel = `private-${newId("order")}`;
    await expecting(204, "PUT", memberOf(channel, ada), { as: backend });
    assert.deepEqual(await expecting(200, "GET", memberOf(channel, ada), { as: backend }), { channel, userId: ada.userId });
    await expecting(404, "GET", memberOf(channel, ben), { as: backend });

    const [hers, his] = [await listen(t, ada, { foreign: [SHIPPED] }), await listen(t, ben)];
    await hers.subscribe(channel);
    assert.equal((await his.refusal(channel)).status, 403);
    const body = { socket_id: "1.2", channel_name: channel };
    const { message } = await expecting(403, "POST", "/pusher/auth", { as: ben, json: body });
    assert.match(message, new RegExp(`PUT ${memberOf(channel, ben)}`));

    await server.trigger(channel, SHIPPED, { order: 1 });
    assert.deepEqual(await hers.next(SHIPPED), { order: 1 });
  });

  test("is closed to a former member at once, whose connection ends", async (t) => {
    const [ada, backend] = [person("Ada"), service()];
    const channel = `private-${newId("order")}`;
    await expecting(204, "PUT", memberOf(channel, ada), { as: backend });
    const listener = await listen(t, ada);
    await listener.signIn();
    await listener.subscribe(channel);
    await expecting(204, "DELETE", memberOf(channel, ada), { as: backend });
    await listener.ended();
    await expecting(403, "POST", "/pusher/auth", { as: ada, json: { socket_id: "1.2", channel_name: channel } });
  });

  test("is open to a token that names it, of every type that Pusher has", async (t) => {
    const ending = newId("lobby");
    const ada = person("Ada", null, { channels: [`private-${ending}`, `pri*`, `presence-*`] });
    const listener = await listen(t, ada);
    for (const type of ["private-", "private-cache-", "private-encrypted-"]) {
      await listener.subscribe(`${type}${ending}`);
    }
    const { members } = await listener.subscribe(`presence-${ending}`);
    assert.deepEqual(members, { [ada.userId]: { userId: ada.userId, displayName: "Ada", avatarUrl: null } });
    const grantOf = (type) => expecting(200, "POST", "/pusher/auth", { as: ada, json: { socket_id: "1.2", channel_name: `${type}${ending}` } });
    const { channel_data } = await grantOf("presence-cache-");
    assert.deepEqual(JSON.parse(channel_data).user_id, ada.userId);
    assert.ok((await grantOf("private-encrypted-cache-")).shared_secret);
    const answer = await expecting(200, "POST", "/pusher/auth", { as: ada, json: { socket_id: "1.2", channel_name: `private-${ending}` } });
    assert.deepEqual(answer, server.authorizeChannel("1.2", `private-${ending}`));
  });

  test("is never one of the contract's, whatever a token or a service says", async () => {
    const [ada, ben] = [person("Ada", null, { channels: ["*"] }), person("Ben")];
    const body = { socket_id: "1.2", channel_name: ben.ownChannel };
    const refused = await expecting(403, "POST", "/pusher/auth", { as: ada, json: body });
    assert.equal(refused.message, "Not authorized to access this channel");
    const { message } = await expecting(400, "PUT", memberOf(ben.ownChannel, ada), { as: service() });
    assert.match(message, /^channel must not begin with private-user-/);
  });

  test("has no guest as a member", async () => {
    const guest = { userId: "guest;killarney;BK-1" };
    await expecting(422, "PUT", memberOf("private-orders-1", guest), { as: service() });
  });

  test("has members that only services may change or see", async () => {
    const ada = person("Ada");
    for (const method of ["PUT", "GET", "DELETE"]) {
      assert.equal((await call(method, memberOf("private-orders-1", ada), { as: ada })).status, 403, method);
      assert.equal((await call(method, memberOf("private-orders-1", ada))).status, 401, method);
      assert.equal((await call(method, memberOf("orders", ada), { as: service() })).status, 400, method);
    }
  });
});
