// A party's channels: for its members, and closed to a former member at once.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { channelOf, handOver, introduce, invite, leave, listeningIn, partyOf, remove, update } from "./support/party.mjs";
import { server } from "./support/server.mjs";

const SOCKET = "123456.7890123";
const REFUSED = { error: "Forbidden", message: "Not authorized to access this channel" };
const KINDS = ["private", "private-encrypted", "presence"];
const UPDATED = "party-updated";

const authorize = (status, as, channel_name, body = "form") =>
  expecting(status, "POST", "/pusher/auth", { as, [body]: { socket_id: SOCKET, channel_name } });

async function refusedEverywhere(as, party) {
  for (const kind of KINDS) {
    for (const body of ["form", "json"]) {
      assert.deepEqual(await authorize(403, as, channelOf(party, kind), body), REFUSED, `${kind}, ${body}`);
    }
  }
}

describe("A party's channels", { concurrency: 8 }, () => {
  test("members subscribe to all of them", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    for (const member of [ada, ben]) {
      const listener = await listen(t, member);
      for (const kind of KINDS) {
        await listener.subscribe(channelOf(party, kind));
      }
    }
  });

  test("nobody else does, and their clients learn it", async (t) => {
    const [ada, ben, eve] = [person("Ada"), person("Ben"), person("Eve")];
    const party = await partyOf(ada);
    await introduce(ben);
    await invite(ada, party, ben);
    for (const other of [ben, eve]) {
      const listener = await listen(t, other);
      for (const kind of KINDS) {
        assert.equal((await listener.refusal(channelOf(party, kind))).status, 403);
      }
      await refusedEverywhere(other, party);
    }
  });

  test("no other channel has the party's name in it", async () => {
    const ada = person("Ada");
    const { partyId } = await partyOf(ada);
    const nowhere = newId("party");
    const names = [
      `private-party-${partyId}0`,
      `private-party-${partyId.slice(0, -1)}`,
      `private-party-presence-${partyId}`,
      `private-party-${nowhere}`,
      `presence-party-${nowhere}`,
      "private-party-",
      "presence-party-",
    ];
    for (const name of names) {
      assert.deepEqual(await authorize(403, ada, name), REFUSED, name);
    }
  });

  test("the signatures are those that the official server library computes", async () => {
    const ada = person("Ada", "https://example.org/ada.png");
    const party = await partyOf(ada);
    for (const kind of KINDS) {
      const name = channelOf(party, kind);
      const answer = await authorize(200, ada, name);
      const member = answer.channel_data && JSON.parse(answer.channel_data);
      assert.deepEqual(answer, server.authorizeChannel(SOCKET, name, member));
    }
  });

  test("connected members see each other's name, and picture where there is one", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben", "https://example.org/ben.png")];
    const party = await partyOf(ada, ben);
    const name = channelOf(party, "presence");
    const first = await listen(t, ada);
    assert.deepEqual((await first.subscribe(name)).members, { [ada.userId]: { username: "Ada" } });

    const second = await listen(t, ben);
    const { members, me } = await second.subscribe(name);
    const info = { username: "Ben", avatar: ben.avatarUrl };
    assert.deepEqual(members, { [ada.userId]: { username: "Ada" }, [ben.userId]: info });
    assert.deepEqual(me, { id: ben.userId, info });
    assert.deepEqual(await first.next("pusher:member_added"), { id: ben.userId, info });
    second.unsubscribe(name);
    assert.deepEqual(await first.next("pusher:member_removed"), { id: ben.userId, info });
  });

  test("an encrypted event of another back end reaches the members", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    const name = channelOf(party, "private-encrypted");
    const listener = await listen(t, ben, { foreign: ["plan:changed"] });
    await listener.subscribe(name);
    await server.trigger(name, "plan:changed", { text: "for the party's eyes only" });
    assert.deepEqual(await listener.next("plan:changed"), { text: "for the party's eyes only" });
  });

  test("a removed member gets an event and is refused at once", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    const [atAda, atBen] = [await listeningIn(t, ada, party), await listeningIn(t, ben, party)];
    await authorize(200, ben, channelOf(party));

    assert.equal((await remove(ada, party, ben)).status, 204);
    await refusedEverywhere(ben, party);
    const data = { userId: ben.userId, username: "Ben", removedBy: ada.userId };
    for (const listener of [atAda, atBen]) {
      assert.deepEqual((await listener.next(UPDATED, update(party, "member-left"))).data, data);
    }
    const again = await listen(t, ben);
    assert.equal((await again.refusal(channelOf(party))).status, 403);
    await authorize(200, ada, channelOf(party));
  });

  test("a user who left is refused at once", async () => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    await leave(ben, party);
    await refusedEverywhere(ben, party);
    await handOver(ada, party, ada);
    await leave(ada, party);
    await refusedEverywhere(ada, party);
  });

  test("the live connections of a removed member who signed in to Pusher are ended, and nobody else's", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    const [atAda, atBen] = [await listeningIn(t, ada, party), await listeningIn(t, ben, party)];
    await atAda.signIn();
    await atBen.signIn();

    await remove(ada, party, ben);
    await atBen.next(UPDATED, update(party, "member-left"));
    await atBen.ended();
    await atAda.next(UPDATED, update(party, "member-left"));
    await atAda.connected();
  });
});

test("a client that asks without end is held back, and others are not", async () => {
  const [ada, ben] = [person("Ada"), person("Ben")];
  const ask = (as) => call("POST", "/pusher/auth", { as, form: { socket_id: SOCKET, channel_name: as.ownChannel } });
  let refusal;
  // Each of the function's processes counts for itself, and there are few of them.
  for (let asked = 0; asked < 20_000 && !refusal; asked += 25) {
    const answers = await Promise.all(Array.from({ length: 25 }, () => ask(ada)));
    assert.deepEqual(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 429), []);
    refusal = answers.find(({ status }) => status === 429);
  }
  assert.ok(refusal, "20,000 questions were answered");
  assert.equal(refusal.body.error, "Too Many Requests");
  assert.match(refusal.headers.get("retry-after"), /^[1-9]\d*$/);
  assert.equal((await ask(ben)).status, 200);
});
