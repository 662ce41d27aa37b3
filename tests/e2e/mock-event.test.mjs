// Events from nobody, for trying a client out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { person } from "./support/people.mjs";

const EVENT = "party-invitation-received";
// The integration guide's example, which has no invitedAt.
const INVITATION = { partyId: "test-party", partyName: "Test Party", invitedBy: { id: "user-123", username: "testuser" } };

async function listeningToMocks(t) {
  const ada = person("Ada");
  const listener = await listen(t, ada, { foreign: [EVENT, "anything at all"] });
  await listener.subscribe(ada.ownChannel);
  return { ada, listener };
}

const send = (json) => call("POST", "/pusher/mock-event", { json });

test("the integration guide's example arrives as it was sent, without a token", async (t) => {
  const { ada, listener } = await listeningToMocks(t);
  const mock = { channel: ada.ownChannel, event: EVENT, data: INVITATION };
  assert.deepEqual(await expecting(200, "POST", "/pusher/mock-event", { json: mock }), { message: "Event triggered" });
  assert.deepEqual(await listener.next(EVENT), INVITATION);
});

test("data may be any JSON value", async (t) => {
  const { ada, listener } = await listeningToMocks(t);
  for (const data of [{ nested: [1, null, "ü\u{1F4D6}"] }, ["a", "b"], "text", 7, true]) {
    assert.equal((await send({ channel: ada.ownChannel, event: "anything at all", data })).status, 200);
    assert.deepEqual(await listener.next("anything at all", () => true), data);
  }
});

test("an event that Pusher would refuse is refused before it is sent", async (t) => {
  const { ada, listener } = await listeningToMocks(t);
  const good = { channel: ada.ownChannel, event: EVENT, data: INVITATION };
  const faults = {
    "no channel": { channel: undefined },
    "an empty channel": { channel: "" },
    "a channel with a space": { channel: `${ada.ownChannel} ` },
    "a channel with a slash": { channel: "private-user-a/b" },
    "a channel of 165 characters": { channel: "x".repeat(165) },
    "a number for a channel": { channel: 7 },
    "a list of channels": { channel: [ada.ownChannel] },
    "no event": { event: undefined },
    "an empty event": { event: "" },
    "an event's name of 201 characters": { event: "x".repeat(201) },
    "null for an event": { event: null },
    "no data": { data: undefined },
  };
  for (const [what, fault] of Object.entries(faults)) {
    assert.equal((await send({ ...good, ...fault })).status, 400, what);
  }
  for (const body of ["", "{", "[]", "null"]) {
    const headers = { "content-type": "application/json" };
    assert.equal((await call("POST", "/pusher/mock-event", { body, headers })).status, 400, body);
  }
  assert.equal((await send({ ...good, data: "x".repeat(11_000) })).status, 413);
  const headers = { "content-type": "text/plain" };
  assert.equal((await call("POST", "/pusher/mock-event", { body: JSON.stringify(good), headers })).status, 415);
  await listener.none(EVENT);
});
