// Invitations to parties: sending, answering and revoking them, also at the same time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import {
  accept, change, decline, introduce, invitationsOf, invite, leave, listeningIn, partyOf, read, remove, revoke, update,
} from "./support/party.mjs";
import { expireInvitation, itemsMentioning } from "./support/table.mjs";

const INVITED = "party-invitation-received";
const UPDATED = "party-updated";

const times = (count, act) => Promise.all(Array.from({ length: count }, act));
const statuses = (answers) => answers.map(({ status }) => status).toSorted();

/** Ada's party, and Ben who may be invited. */
async function partyAndGuest() {
  const [ada, ben] = [person("Ada"), person("Ben")];
  await introduce(ben);
  return { ada, ben, party: await partyOf(ada) };
}

async function listeningTo(t, user) {
  const listener = await listen(t, user);
  await listener.subscribe(user.ownChannel);
  return listener;
}

// At once, because each spends most of its time waiting for what must not come.
describe("Invitations", { concurrency: 8 }, () => {
  test("the invited user gets one event, and finds the invitation in their list", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const [atAda, atBen] = [await listeningTo(t, ada), await listeningTo(t, ben)];

    const { status, body: invitation } = await invite(ada, party, ben);
    assert.equal(status, 201);
    const { partyId, partyName } = party;
    const invitedBy = { id: ada.userId, username: "Ada" };
    const { invitedAt } = invitation;
    assert.deepEqual(invitation, { partyId, partyName, userId: ben.userId, invitedBy, invitedAt });
    assert.deepEqual(await atBen.next(INVITED), { partyId, partyName, invitedBy, invitedAt });
    assert.deepEqual(await invitationsOf(ben), [invitation]);
    assert.deepEqual(await invitationsOf(ada), []);
    await atBen.none(INVITED);
    await atAda.none(INVITED);
  });

  test("an accepted invitation makes a member, and is no longer open", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const listener = await listeningIn(t, ada, party);
    await invite(ada, party, ben);
    assert.equal((await read(ben, party)).status, 403, "invited is not yet a member");

    const { status, body } = await accept(ben, party);
    assert.equal(status, 200);
    assert.deepEqual(body.members.map(({ userId, role }) => [userId, role]), [[ada.userId, "owner"], [ben.userId, "member"]]);
    assert.deepEqual((await read(ben, party)).body, body);
    assert.deepEqual(await invitationsOf(ben), []);
    await listener.next(UPDATED, update(party, "member-joined"));

    assert.deepEqual((await accept(ben, party)).body, body, "accepting again finds them there");
    await listener.none(UPDATED);
  });

  test("of many acceptances at once, one makes the member and all succeed", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const listener = await listeningIn(t, ada, party);
    await invite(ada, party, ben);

    const answers = await times(8, () => accept(ben, party));
    assert.deepEqual(statuses(answers), Array(8).fill(200));
    assert.equal((await read(ada, party)).body.members.length, 2);
    await listener.next(UPDATED, update(party, "member-joined"));
    await listener.none(UPDATED);
  });

  test("of many invitations at once, one is sent", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const listener = await listeningTo(t, ben);
    const answers = await times(6, () => invite(ada, party, ben));
    assert.deepEqual(statuses(answers), [201, 409, 409, 409, 409, 409]);
    await listener.next(INVITED);
    await listener.none(INVITED);
  });

  test("many people accept at once, and all are in", async (t) => {
    const ada = person("Ada");
    const guests = Array.from({ length: 6 }, (_, index) => person(`Guest ${index}`));
    const party = await partyOf(ada);
    await introduce(...guests);
    for (const guest of guests) {
      assert.equal((await invite(ada, party, guest)).status, 201);
    }
    const listener = await listeningIn(t, ada, party);
    const answers = await Promise.all(guests.map((guest) => accept(guest, party)));
    assert.deepEqual(statuses(answers), guests.map(() => 200));
    assert.equal((await read(ada, party)).body.members.length, guests.length + 1);
    for (const guest of guests) {
      await listener.next(UPDATED, ({ data }) => data.userId === guest.userId);
    }
  });

  test("an invitation that was taken back cannot be accepted", async () => {
    const { ada, ben, party } = await partyAndGuest();
    await invite(ada, party, ben);
    assert.equal((await revoke(ada, party, ben)).status, 204);
    assert.deepEqual(await invitationsOf(ben), []);
    assert.equal((await accept(ben, party)).status, 409);
    assert.equal((await decline(ben, party)).status, 409);
    assert.equal((await revoke(ada, party, ben)).status, 404);
    assert.equal((await read(ada, party)).body.members.length, 1);
  });

  test("an invitation that was declined cannot be accepted, and nobody hears of it", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const listener = await listeningIn(t, ada, party);
    await invite(ada, party, ben);
    assert.equal((await decline(ben, party)).status, 204);
    assert.deepEqual(await invitationsOf(ben), []);
    assert.equal((await accept(ben, party)).status, 409);
    assert.equal((await decline(ben, party)).status, 409);
    assert.equal((await revoke(ada, party, ben)).status, 404);
    await listener.none(UPDATED);
  });

  test("an invitation that is too old cannot be accepted, and may be sent again", async () => {
    const { ada, ben, party } = await partyAndGuest();
    await invite(ada, party, ben);
    await expireInvitation({ partyId: party.partyId, userId: ben.userId });
    assert.deepEqual(await invitationsOf(ben), []);
    assert.equal((await accept(ben, party)).status, 409);
    assert.equal((await decline(ben, party)).status, 409);
    assert.equal((await invite(ada, party, ben)).status, 201);
    assert.equal((await accept(ben, party)).status, 200);
  });

  test("a user who was removed, declined or left may be invited again, and gets the event again", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const listener = await listeningTo(t, ben);
    const ends = [() => revoke(ada, party, ben), () => decline(ben, party), () => accept(ben, party).then(() => leave(ben, party))];
    for (const end of ends) {
      const { status, body } = await invite(ada, party, ben);
      assert.equal(status, 201);
      assert.equal((await listener.next(INVITED)).invitedAt, body.invitedAt);
      assert.equal((await end()).status, 204);
    }
    assert.equal((await accept(ben, party)).status, 409, "an old acceptance lets nobody in again");
    await invite(ada, party, ben);
    assert.equal((await accept(ben, party)).status, 200);
  });

  test("taken back and accepted at once, it is one or the other", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { ada, ben, party } = await partyAndGuest();
      await invite(ada, party, ben);
      const [accepted, revoked] = await Promise.all([accept(ben, party), revoke(ada, party, ben)]);
      const outcome = `${accepted.status} and ${revoked.status}`;
      assert.ok(["200 and 404", "409 and 204"].includes(outcome), outcome);
      assert.equal((await read(ada, party)).body.members.length, accepted.status === 200 ? 2 : 1);
    }
  });

  test("accepted and declined at once, it is one or the other", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { ada, ben, party } = await partyAndGuest();
      await invite(ada, party, ben);
      const [accepted, declined] = await Promise.all([accept(ben, party), decline(ben, party)]);
      const outcome = `${accepted.status} and ${declined.status}`;
      assert.ok(["200 and 409", "409 and 204"].includes(outcome), outcome);
      assert.equal((await read(ada, party)).body.members.length, accepted.status === 200 ? 2 : 1);
    }
  });

  test("members, invited users, unknown users and the caller cannot be invited", async (t) => {
    const { ada, ben, party } = await partyAndGuest();
    const [cora, stranger] = [person("Cora"), person("Nobody yet")];
    const atBen = await listeningTo(t, ben);
    assert.equal((await invite(ada, party, ada)).status, 422);
    assert.equal((await invite(ada, party, stranger)).status, 404);
    assert.equal(await itemsMentioning(stranger.userId), 0);
    await invite(ada, party, ben);
    assert.equal((await invite(ada, party, ben)).status, 409);
    await accept(ben, party);
    assert.equal((await invite(ada, party, ben)).status, 409);
    await atBen.next(INVITED);
    await introduce(cora);
    assert.equal((await invite(cora, party, ben)).status, 403);
    assert.equal((await invite(ada, { partyId: newId("party") }, ben)).status, 404);
    await atBen.none(INVITED);
  });

  test("any member invites, and only the inviter and the owner take it back", async () => {
    const [ada, ben, cora, dan, eve] = ["Ada", "Ben", "Cora", "Dan", "Eve"].map((name) => person(name));
    const party = await partyOf(ada, ben, cora);
    await introduce(dan);
    const { body } = await invite(ben, party, dan);
    assert.deepEqual(body.invitedBy, { id: ben.userId, username: "Ben" });
    assert.equal((await revoke(cora, party, dan)).status, 403);
    assert.equal((await revoke(eve, party, dan)).status, 403);
    assert.equal((await revoke(ben, party, dan)).status, 204);
    await invite(ben, party, dan);
    assert.equal((await revoke(ada, party, dan)).status, 204);
    assert.equal((await revoke(ada, party, dan)).status, 404);
    assert.equal((await revoke(ada, { partyId: newId("party") }, dan)).status, 404);
  });

  test("a user who was never invited can neither accept nor decline", async () => {
    const { ada, ben, party } = await partyAndGuest();
    assert.equal((await accept(ben, party)).status, 404);
    assert.equal((await decline(ben, party)).status, 404);
    assert.equal((await decline(ben, { partyId: newId("party") })).status, 404);
    await invite(ada, party, ben);
    const eve = person("Eve");
    assert.equal((await accept(eve, party)).status, 404);
    assert.equal((await decline(eve, party)).status, 404);
    assert.equal((await accept(ben, party)).status, 200, "and that changes nothing for who was");
  });

  test("a removed member may be invited again by a member", async () => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const party = await partyOf(ada, ben);
    assert.equal((await remove(ada, party, ben)).status, 204);
    assert.equal((await remove(ada, party, ben)).status, 404);
    assert.equal((await accept(ben, party)).status, 409);
    assert.equal((await invite(ada, party, ben)).status, 201);
    assert.equal((await accept(ben, party)).status, 200);
  });

  test("a list is read page by page, each invitation once", async () => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    await introduce(ben);
    const parties = await times(5, () => partyOf(ada));
    for (const party of parties) {
      assert.equal((await invite(ada, party, ben)).status, 201);
    }
    await decline(ben, parties[1]);
    await change(ada, parties[2], { partyName: "Renamed" });

    const listed = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ limit: 2, ...(cursor && { cursor }) });
      const page = await expecting(200, "GET", `/party-invitations?${query}`, { as: ben });
      assert.ok(page.invitations.length <= 2);
      listed.push(...page.invitations.map(({ partyId }) => partyId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const open = parties.filter((_, index) => index !== 1).map(({ partyId }) => partyId);
    assert.deepEqual(listed.toSorted(), open.toSorted());
  });

  test("twenty invitations may be sent at once, and no more, and the answer says how long to wait", async () => {
    const ada = person("Ada");
    const guests = Array.from({ length: 21 }, (_, index) => person(`Guest ${index}`));
    const party = await partyOf(ada);
    await introduce(...guests);
    assert.equal((await invite(ada, party, guests[0])).status, 201);
    assert.equal((await invite(ada, party, guests[0])).status, 409, "a refused invitation uses up nothing");
    for (const guest of guests.slice(1, 20)) {
      assert.equal((await invite(ada, party, guest)).status, 201);
    }

    const { status, headers } = await invite(ada, party, guests[20]);
    assert.equal(status, 429);
    const wait = Number(headers.get("retry-after"));
    assert.ok(wait >= 1 && wait <= 30, `Retry-After is ${wait}`);
    assert.deepEqual(await invitationsOf(guests[20]), []);
    assert.equal((await invite(guests[0], party, guests[20])).status, 403);
    await accept(guests[0], party);
    assert.equal((await invite(guests[0], party, guests[20])).status, 201, "the limit is each inviter's own");
  });

  test("a limit of twenty holds for what is sent at once", async () => {
    const ada = person("Ada");
    const guests = Array.from({ length: 24 }, (_, index) => person(`Guest ${index}`));
    const party = await partyOf(ada);
    await introduce(...guests);
    for (const guest of guests.slice(0, 16)) {
      assert.equal((await invite(ada, party, guest)).status, 201);
    }
    const answers = await Promise.all(guests.slice(16).map((guest) => invite(ada, party, guest)));
    assert.deepEqual(statuses(answers), [201, 201, 201, 201, 429, 429, 429, 429]);
  });
});
