// Kudos: stored once, told once.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person, shown } from "./support/people.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { until } from "./support/wait.mjs";


const kudosFor = (receiver) => ({ receiverId: receiver.userId, sessionId: newId("session"), bookTitle: "The Dispossessed" });
const give = (as, json, key) => call("POST", "/kudos", { as, json, headers: key && { "idempotency-key": key } });

async function listeningTo(t, user) {
  const listener = await listen(t, user);
  await listener.subscribe(user.ownChannel);
  return listener;
}

// At once, because each spends most of its time waiting for what must not come.
describe("Kudos", { concurrency: 8 }, () => {
  test("the receiver reads them back, newest first, with who gave them", async () => {
    const [giver, receiver] = [person("Ada", "https://example.org/ada.png"), person("Grace")];
    const given = [];
    for (let n = 0; n < 3; n += 1) {
      given.unshift((await give(giver, kudosFor(receiver))).body.kudosId);
    }
    const list = (query = "") => expecting(200, "GET", `/kudos${query}`, { as: receiver });
    const ids = ({ kudos }) => kudos.map(({ kudosId }) => kudosId);
    await until("the kudos in the index", async () => ids(await list()).join() === given.join());
    await until("the giver's profile", async () => (await list()).kudos[0].fromUser.displayName === "Ada");
    const [newest] = (await list()).kudos;
    assert.deepEqual(newest.fromUser, shown(giver));
    assert.equal(newest.bookTitle, "The Dispossessed");
    const page = await list("?limit=2");
    assert.deepEqual([...ids(page), ...ids(await list(`?limit=2&cursor=${page.nextCursor}`))], given);
    assert.deepEqual((await expecting(200, "GET", "/kudos", { as: giver })).kudos, []);
    await expecting(400, "GET", "/kudos?limit=1000", { as: receiver });
    await expecting(401, "GET", "/kudos");
  });

  test("the receiver gets one event, and the giver none", async (t) => {
    const [giver, receiver] = [person("Ada", "https://example.org/ada.png"), person("Grace")];
    const [atGiver, atReceiver] = [await listeningTo(t, giver), await listeningTo(t, receiver)];
    const kudos = kudosFor(receiver);

    await expecting(201, "POST", "/kudos", { as: giver, json: kudos });

    const received = await atReceiver.next("kudos:received");
    assert.deepEqual(received, { fromUser: shown(giver), sessionId: kudos.sessionId, bookTitle: kudos.bookTitle });
    await atReceiver.none("kudos:received");
    await atGiver.none("kudos:received");
  });

  test("a request repeated with its key creates nothing new", async (t) => {
    const [giver, receiver] = [person("Ada"), person("Grace")];
    const listener = await listeningTo(t, receiver);
    const [kudos, key] = [kudosFor(receiver), randomUUID()];

    const first = await give(giver, kudos, key);
    const again = await give(giver, kudos, key);

    assert.equal(first.status, 201);
    assert.equal(first.headers.get("idempotent-replayed"), null);
    assert.equal(again.status, 201);
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    await listener.next("kudos:received");
    await listener.none("kudos:received");
  });

  test("of many requests with one key at once, one creates", async (t) => {
    const [giver, receiver] = [person("Ada"), person("Grace")];
    const listener = await listeningTo(t, receiver);
    const [kudos, key] = [kudosFor(receiver), randomUUID()];

    const answers = await Promise.all(Array.from({ length: 8 }, () => give(giver, kudos, key)));

    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    assert.equal(new Set(answers.map(({ body }) => body.kudosId)).size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get("idempotent-replayed") === null).length, 1);
    await listener.next("kudos:received");
    await listener.none("kudos:received");
  });

  test("a key with another body is refused", async (t) => {
    const [giver, receiver] = [person("Ada"), person("Grace")];
    const listener = await listeningTo(t, receiver);
    const [kudos, key] = [kudosFor(receiver), randomUUID()];

    await give(giver, kudos, key);
    const other = await give(giver, { ...kudos, bookTitle: "The Lathe of Heaven" }, key);

    assert.equal(other.status, 422);
    assert.equal((await listener.next("kudos:received")).bookTitle, kudos.bookTitle);
    await listener.none("kudos:received");
  });

  test("two givers may use the same key", async () => {
    const [ada, grace, receiver] = [person("Ada"), person("Grace"), person("Ursula")];
    const [kudos, key] = [kudosFor(receiver), randomUUID()];
    const [one, two] = [await give(ada, kudos, key), await give(grace, kudos, key)];
    assert.equal(two.status, 201);
    assert.notEqual(two.body.kudosId, one.body.kudosId);
  });

  test("without a key, each request is another kudos", async (t) => {
    const [giver, receiver] = [person("Ada"), person("Grace")];
    const listener = await listeningTo(t, receiver);
    const kudos = kudosFor(receiver);
    const [one, two] = [await give(giver, kudos), await give(giver, kudos)];
    assert.notEqual(one.body.kudosId, two.body.kudosId);
    await listener.next("kudos:received");
    await listener.next("kudos:received");
  });

  test("nobody gives kudos to themselves", async (t) => {
    const ada = person("Ada");
    const listener = await listeningTo(t, ada);
    const kudos = kudosFor(ada);
    const answer = await give(ada, kudos);
    assert.equal(answer.status, 422);
    assert.equal(await itemsMentioning(kudos.sessionId), 0);
    await listener.none("kudos:received");
  });
});
