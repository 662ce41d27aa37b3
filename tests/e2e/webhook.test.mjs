// Pusher's webhooks: whose word counts, and how often.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { person, shown } from "./support/people.mjs";
import { roomWithWitness } from "./support/room.mjs";
import { stack } from "./support/stack.mjs";
import { isKnown } from "./support/table.mjs";
import { until } from "./support/wait.mjs";
import { sendWebhook, signatureOf, webhookBody } from "./support/webhook.mjs";

const MINUTE = 60_000;

/** A room with a witness, and a visitor whose client has been authorized but never subscribes. */
async function roomAndVisitor(t) {
  const { channel, listener } = await roomWithWitness(t);
  const visitor = person("Ada");
  await expecting(200, "POST", "/pusher/auth", { as: visitor, form: { socket_id: "1.2", channel_name: channel } });
  // A webhook names a user by id alone; name and picture are kept when a client is authorized, right after its answer.
  await until("the visitor's profile", () => isKnown(visitor));
  const told = (name) => ({ name, channel, user_id: visitor.userId });
  return { listener, visitor, added: told("member_added"), removed: told("member_removed") };
}

// At once, because each spends most of its time waiting for what must not come.
describe("Webhooks", { concurrency: 8 }, () => {
  test("Pusher's word is taken, and once", async (t) => {
    const { listener, visitor, added, removed } = await roomAndVisitor(t);

    const entered = webhookBody([added]);
    const answer = await sendWebhook(entered);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body, {});
    assert.equal((await sendWebhook(entered)).status, 200);
    assert.deepEqual(await listener.next("room:user-joined"), shown(visitor));
    await listener.none("room:user-joined");

    const left = webhookBody([removed]);
    assert.equal((await sendWebhook(left)).status, 200);
    assert.equal((await sendWebhook(left)).status, 200);
    assert.deepEqual(await listener.next("room:user-left"), { userId: visitor.userId });
    await listener.none("room:user-left");
  });

  test("a webhook that Pusher did not sign is refused and has no effect", async (t) => {
    const { listener, added } = await roomAndVisitor(t);
    const body = webhookBody([added]);
    const forgeries = {
      "another secret": { signature: signatureOf(body, "another secret") },
      "a signature of other bytes": { signature: signatureOf(`${body} `) },
      "the signature in base64": { signature: Buffer.from(signatureOf(body), "hex").toString("base64") },
      "the signature cut short": { signature: signatureOf(body).slice(0, 62) },
      "no signature at all": { signature: "" },
      "an unknown key": { key: "unknown-key" },
      "an empty key": { key: "" },
    };
    for (const [what, forged] of Object.entries(forgeries)) {
      assert.equal((await sendWebhook(body, forged)).status, 401, what);
    }
    await listener.none("room:user-joined");
  });

  test("a webhook without Pusher's headers is refused", async () => {
    const body = webhookBody([]);
    const send = (headers) => call("POST", "/pusher/webhook", { body, headers: { "content-type": "application/json", ...headers } });
    assert.equal((await send({})).status, 401);
    assert.equal((await send({ "x-pusher-key": stack.pusher.key })).status, 401);
    assert.equal((await send({ "x-pusher-signature": signatureOf(body) })).status, 401);
  });

  test("an old webhook is refused, so that nobody can replay it", async (t) => {
    const { listener, added } = await roomAndVisitor(t);
    assert.equal((await sendWebhook(webhookBody([added], Date.now() - 6 * MINUTE))).status, 401);
    await listener.none("room:user-joined");
    assert.equal((await sendWebhook(webhookBody([added], Date.now() - 4 * MINUTE))).status, 200);
  });

  test("a signed body that is not a webhook is malformed", async () => {
    for (const body of ["", "{", "[]", "null", '{"events":[]}', `{"time_ms":${Date.now()}}`, `{"time_ms":"now","events":[]}`]) {
      assert.equal((await sendWebhook(body)).status, 400, JSON.stringify(body));
    }
  });

  test("a webhook of over a megabyte is refused", async () => {
    const body = webhookBody([{ name: "x".repeat(1024 * 1024) }]);
    assert.equal((await sendWebhook(body)).status, 413);
  });

  test("events that concern no room are taken and ignored", async (t) => {
    const { listener, visitor, added } = await roomAndVisitor(t);
    const events = [
      { name: "channel_occupied", channel: added.channel },
      { name: "an_event_of_the_future", channel: added.channel, user_id: visitor.userId, extra: { nested: true } },
      { name: "member_added", channel: "presence-elsewhere-1", user_id: visitor.userId },
      { name: "member_added", channel: "presence-room-", user_id: visitor.userId },
      { name: "channel_vacated", channel: `#server-to-user-${visitor.userId}` },
    ];
    assert.equal((await sendWebhook(webhookBody(events))).status, 200);
    assert.equal((await sendWebhook(webhookBody([]))).status, 200);
    await listener.none("room:user-joined");

    assert.equal((await sendWebhook(webhookBody([...events, added]))).status, 200);
    assert.deepEqual(await listener.next("room:user-joined"), shown(visitor), "and do not keep back what does concern one");
  });
});
