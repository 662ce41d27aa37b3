// Parties: founded, changed, handed over and left, and what their members hear of it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { newId, person } from "./support/people.mjs";
import { accept, change, channelOf, end, found, handOver, introduce, invitationsOf, invite, leave } from "./support/party.mjs";
import { listeningIn, partyOf, read, remove, update } from "./support/party.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { until } from "./support/wait.mjs";

const UPDATED = "party-updated";

const asMember = ({ userId, displayName, avatarUrl }, role) => ({ userId, username: displayName, avatar: avatarUrl, role });
const withoutTimes = ({ members }) => members.map(({ joinedAt, ...member }) => member);

// At once, because each spends most of its time waiting for what must not come.
describe("Parties", { concurrency: 8 }, () => {
  test("a user who creates a party owns it and is a member", async () => {
    const ada = person("Ada", "https://example.org/ada.png");
    const { status, body: party } = await found(ada, { partyName: "  Thursday readers ", settings: { color: "teal", seats: [1, null] } });
    assert.equal(status, 201);
    assert.equal(party.partyName, "Thursday readers");
    assert.deepEqual(party.settings, { color: "teal", seats: [1, null] });
    assert.equal(party.ownerId, ada.userId);
    assert.equal(party.updatedAt, party.createdAt);
    const { body } = await read(ada, party);
    assert.deepEqual(withoutTimes(body), [asMember(ada, "owner")]);
    const { members, ...rest } = body;
    assert.deepEqual(rest, party);
  });

  test("a name may be in any script and as long as a hundred characters", async () => {
    for (const partyName of ["x", "Четверг \u{1F4D6}", "長".repeat(100), "\u{1F389}".repeat(100)]) {
      const { status, body } = await found(person(), { partyName });
      assert.equal(status, 201, partyName);
      assert.equal(body.partyName, partyName);
      assert.deepEqual(body.settings, {});
    }
  });

  test("a party is founded once, however often its request is repeated", async () => {
    const [ada, key, json] = [person("Ada"), randomUUID(), { partyName: newId("party") }];
    const answers = await Promise.all(Array.from({ length: 6 }, () => found(ada, json, key)));
    assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(201));
    assert.equal(new Set(answers.map(({ body }) => body.partyId)).size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get("idempotent-replayed") === null).length, 1);

    const [{ body: first }] = answers;
    await change(ada, first, { partyName: "Friday readers" });
    assert.deepEqual((await found(ada, json, key)).body, first, "the first answer comes again");
    assert.equal((await found(ada, { partyName: "Another" }, key)).status, 422);
    assert.equal((await found(person(), json, key)).headers.get("idempotent-replayed"), null);
  });

  test("each member's parties are listed, the last joined first, page by page", async () => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const [first, second] = [await partyOf(ada), await partyOf(ada, ben)];
    const idsOf = ({ parties }) => parties.map(({ partyId }) => partyId);
    await until("the parties in the index", async () => {
      return idsOf(await expecting(200, "GET", "/parties", { as: ada })).join() === [second.partyId, first.partyId].join();
    });
    const page = await expecting(200, "GET", "/parties?limit=1", { as: ada });
    assert.deepEqual(idsOf(page), [second.partyId]);
    const rest = await expecting(200, "GET", `/parties?limit=1&cursor=${page.nextCursor}`, { as: ada });
    assert.deepEqual(idsOf(rest), [first.partyId]);
    assert.deepEqual(idsOf(await expecting(200, "GET", "/parties", { as: ben })), [second.partyId]);
    await leave(ben, second);
    assert.deepEqual(idsOf(await expecting(200, "GET", "/parties", { as: ben })), []);
    await expecting(400, "GET", "/parties?cursor=x", { as: ada });
    await expecting(401, "GET", "/parties");
  });

  test("a user is invited by verified address or user name, and several of a name by id alone", async () => {
    const [name, address] = [newId("name"), `${newId("mail").slice(0, 20)}@example.com`];
    const ben = person(name, null, { email: address, email_verified: true });
    const [ada, cora] = [person("Ada"), person(newId("name"))];
    const party = await partyOf(ada);
    await introduce(ben, cora);
    const by = (json) => call("POST", `/parties/${party.partyId}/invitations`, { as: ada, json });
    assert.equal((await by({ email: `no-${address}` })).status, 404);
    assert.equal((await by({ email: address, username: name })).status, 400);
    const invited = async (json) => {
      let reply;
      await until("the user in the index", async () => (reply = await by(json)).status === 201);
      return reply.body.userId;
    };
    assert.equal(await invited({ email: address.toUpperCase() }), ben.userId);
    assert.equal(await invited({ username: cora.displayName }), cora.userId);

    const other = person(name);
    await introduce(other);
    await until("both in the index", async () => (await by({ username: name })).body.message.startsWith("Several"));
    assert.equal((await by({ userId: other.userId })).status, 201);
  });

  test("a party that its owner ends is gone for everybody, and its members hear it last", async (t) => {
    const [ada, ben, cora] = [person("Ada"), person("Ben"), person("Cora")];
    const party = await partyOf(ada, ben);
    await introduce(cora);
    await invite(ben, party, cora);
    const listener = await listeningIn(t, ben, party);
    for (const [as, status] of [[ben, 403], [cora, 403], [undefined, 401]]) {
      assert.equal((await end(as, party)).status, status);
    }
    assert.equal((await end(ada, { partyId: newId("party") })).status, 404);
    assert.equal((await end(ada, { partyId: "a%20b" })).status, 400);

    assert.equal((await change(ada, party, { partyName: "The last evening" })).status, 200);
    assert.equal((await end(ada, party)).status, 204);
    await listener.next(UPDATED, update(party, "settings-changed"));
    const told = await listener.next("party-ended");
    assert.deepEqual([told.partyId, told.endedBy], [party.partyId, ada.userId]);

    assert.equal((await end(ada, party)).status, 204, "again is alike");
    assert.equal((await end(ben, party)).status, 404);
    for (const as of [ada, ben]) {
      assert.equal((await read(as, party)).status, 404);
      const form = { socket_id: "1.2", channel_name: channelOf(party) };
      await expecting(403, "POST", "/pusher/auth", { as, form });
    }
    assert.equal((await accept(cora, party)).status, 404);
    assert.deepEqual(await invitationsOf(cora), []);
    await listener.none("party-ended");
  });

  test("members hear who joins, what changes, whose it becomes and who leaves, in that order", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben", "https://example.org/ben.png")];
    const party = await partyOf(ada);
    const listener = await listeningIn(t, ada, party);
    await introduce(ben);
    await invite(ada, party, ben);
    const heard = async (updateType) => {
      const { partyId, updatedAt, data } = await listener.next(UPDATED, update(party, updateType));
      assert.ok(Math.abs(Date.parse(updatedAt) - Date.now()) < 60_000);
      return data;
    };

    await accept(ben, party);
    await change(ada, party, { partyName: "Friday readers", settings: { color: "red" } });
    const { body: handed } = await handOver(ada, party, ben);
    assert.equal(handed.ownerId, ben.userId);
    await leave(ada, party);

    assert.deepEqual(await heard("member-joined"), { userId: ben.userId, username: "Ben", avatar: ben.avatarUrl });
    assert.deepEqual(await heard("settings-changed"), { partyName: "Friday readers", settings: { color: "red" } });
    assert.deepEqual(await heard("settings-changed"), { ownerId: ben.userId });
    assert.deepEqual(await heard("member-left"), { userId: ada.userId, username: "Ada", removedBy: null });
    await listener.none(UPDATED);
    const order = listener.history(({ partyId }) => partyId === party.partyId).map(({ updateType }) => updateType);
    assert.deepEqual(order, ["member-joined", "settings-changed", "settings-changed", "member-left"]);
  });

  test("a change changes what it names and tells just that", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    const listener = await listeningIn(t, ben, party);

    const { body: renamed } = await change(ada, party, { partyName: "Friday readers" });
    assert.deepEqual({ ...renamed, updatedAt: "" }, { ...party, partyName: "Friday readers", updatedAt: "" });
    assert.ok(renamed.updatedAt > party.updatedAt);
    assert.deepEqual((await listener.next(UPDATED)).data, { partyName: "Friday readers" });

    await change(ada, party, { settings: { seats: 5 } });
    assert.deepEqual((await listener.next(UPDATED)).data, { settings: { seats: 5 } });
    const { body } = await change(ada, party, { settings: { color: "red" } });
    assert.deepEqual(body.settings, { color: "red" }, "settings are replaced whole");
    assert.deepEqual((await listener.next(UPDATED)).data, { settings: { color: "red" } });

    await change(ada, party, { partyName: "Friday readers" });
    await listener.none(UPDATED);
  });

  test("only the owner changes a party, hands it over and removes members", async () => {
    const [ada, ben, cora, eve] = [person("Ada"), person("Ben"), person("Cora"), person("Eve")];
    const party = await partyOf(ada, ben, cora);
    const { body: before } = await read(ada, party);
    for (const other of [ben, eve]) {
      assert.equal((await change(other, party, { partyName: "Mine" })).status, 403);
      assert.equal((await handOver(other, party, other)).status, 403);
      assert.equal((await remove(other, party, cora)).status, 403);
    }
    assert.equal((await read(eve, party)).status, 403);
    assert.deepEqual((await read(ada, party)).body, before);
  });

  test("an owner hands over before leaving, and a member may simply leave", async () => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    const refused = await leave(ada, party);
    assert.equal(refused.status, 409);
    assert.equal((await handOver(ada, party, person("Eve"))).status, 404, "an heir is a member");
    assert.equal((await handOver(ada, party, ben)).status, 200);
    assert.equal((await change(ada, party, { partyName: "Mine still" })).status, 403);
    assert.equal((await leave(ada, party)).status, 204);
    assert.deepEqual(withoutTimes((await read(ben, party)).body), [asMember(ben, "owner")]);
    assert.equal((await read(ada, party)).status, 403);
  });

  test("a party ends with its last member, and its invitations with it", async () => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada);
    await introduce(ben);
    await invite(ada, party, ben);
    assert.equal((await leave(ada, party)).status, 204);
    assert.equal((await read(ada, party)).status, 404);
    assert.equal((await accept(ben, party)).status, 404);
    assert.equal((await change(ada, party, { partyName: "Still here" })).status, 404);
  });

  test("of a handing over and a removal at once, each happens or finds that it may not", async () => {
    const [ada, ben, cora] = [person("Ada"), person("Ben"), person("Cora")];
    const party = await partyOf(ada, ben, cora);
    const [handed, removed] = await Promise.all([handOver(ada, party, ben), remove(ada, party, cora)]);
    assert.equal(handed.status, 200);
    assert.ok([204, 403].includes(removed.status), "403 when the party was no longer hers by then");
    const { body } = await read(ben, party);
    assert.equal(body.ownerId, ben.userId);
    assert.equal(body.members.length, removed.status === 204 ? 2 : 3);
  });

  test("an heir who leaves at the same moment never owns the party", async () => {
    for (let round = 0; round < 4; round += 1) {
      const [ada, ben] = [person("Ada"), person("Ben")];
      const party = await partyOf(ada, ben);
      await Promise.all([handOver(ada, party, ben), leave(ben, party)]);
      const present = [await read(ada, party), await read(ben, party)].find(({ status }) => status === 200);
      const owners = present.body.members.filter(({ role }) => role === "owner").map(({ userId }) => userId);
      assert.deepEqual(owners, [present.body.ownerId]);
    }
  });

  test("a party that was never created is not found", async () => {
    const [ada, nowhere] = [person("Ada"), { partyId: newId("party") }];
    for (const act of [read, leave, accept]) {
      assert.equal((await act(ada, nowhere)).status, 404, act.name);
    }
    assert.equal((await change(ada, nowhere, { partyName: "x" })).status, 404);
    assert.equal((await handOver(ada, nowhere, person())).status, 404);
    assert.equal((await remove(ada, nowhere, person())).status, 404);
    assert.equal(await itemsMentioning(nowhere.partyId), 0);
  });
});
