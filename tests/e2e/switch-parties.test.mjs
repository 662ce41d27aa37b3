// A team with Express and Pusher moves its parties to Carillon, and back again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expecting } from "./support/api.mjs";
import { hearFacts, queueOfFacts } from "./support/facts.mjs";
import { guidesAuthorizer, listen } from "./support/listener.mjs";
import { parties } from "./support/migration.mjs";
import { newId, person } from "./support/people.mjs";
import { accept, channelOf, decline, end, introduce, invitationsOf, invite, leave, read, update } from "./support/party.mjs";
import { stack } from "./support/stack.mjs";
import { actFor, imported, nothingIsLeft } from "./support/switch.mjs";

/** The page of the integration guide: pusher-js with its own authorizer, subscribed to the user's channel. */
async function pageOf(t, user) {
  const page = await listen(t, user, { authorizer: guidesAuthorizer(user) });
  await page.subscribe(user.ownChannel);
  return page;
}

test("an Express app's parties go on here, and come back from a queue of facts", async (t) => {
  const [owner, member, invitee, newcomer, partyId] = [person("Ada"), person("Ben"), person("Cy"), person("Dee"), newId("party")];
  const party = { partyId };
  const database = parties({ owner, member, invitee, party: partyId });
  // The queue is there before the switch.
  const FACTS_QUEUE_URL = await queueOfFacts(t);
  const bus = await hearFacts(t);
  await imported(database, {
    profile: 'SELECT count(*) FROM "Users"',
    party: 'SELECT count(*) FROM "Parties"',
    invitation: `SELECT count(*) FROM "PartyInvitations" WHERE status = 'pending'`,
  });

  const [atMember, atInvitee] = [await pageOf(t, member), await pageOf(t, invitee)];
  await atMember.subscribe(channelOf(party));
  assert.deepEqual((await atMember.subscribe(channelOf(party, "presence"))).me.info, { username: "Ben" });
  assert.equal((await atInvitee.refusal(channelOf(party))).error, "Authorization failed");
  assert.deepEqual((await invitationsOf(invitee)).map(({ partyName, invitedBy }) => [partyName, invitedBy.username]), [["Readers", "Ada"]]);
  await accept(invitee, party);
  await atMember.next("party-updated", update(party, "member-joined"));
  await atInvitee.subscribe(channelOf(party));

  // The back end hears of the new member, and renames the party for its owner.
  const joined = await bus.next("member.joined", { partyId });
  assert.equal(joined.userId, invitee.userId);
  await actFor(owner, 200, "PATCH", `/parties/${partyId}`, { partyName: "Readers of three" });
  assert.equal((await atInvitee.next("party-updated", update(party, "settings-changed"))).data.partyName, "Readers of three");
  assert.equal((await bus.next("party.updated", { partyId })).updatedBy, owner.userId);

  const atNewcomer = await pageOf(t, newcomer);
  await introduce(newcomer);
  await invite(owner, party, newcomer);
  const invitation = await atNewcomer.next("party-invitation-received");
  assert.deepEqual([invitation.partyId, invitation.partyName, invitation.invitedBy], [partyId, "Readers of three", { id: owner.userId, username: "Ada" }]);
  await decline(newcomer, party);
  await leave(member, party);
  await atInvitee.next("party-updated", update(party, "member-left"));
  const second = await expecting(201, "POST", "/parties", { as: invitee, json: { partyName: "Friday", settings: { genre: "crime" } } });
  const third = await expecting(201, "POST", "/parties", { as: invitee, json: { partyName: "Never" } });
  await end(invitee, third);

  // Back again. The script empties the queue.
  await bus.next("member.left", { partyId, userId: member.userId });
  await bus.next("party.ended", { partyId: third.partyId });
  const events = bus.events(partyId, second.partyId, third.partyId);
  const aws = { AWS_ENDPOINT_URL: stack.awsEndpoint, AWS_DEFAULT_REGION: stack.region, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const python = process.env.CARILLON_PYTHON_WITH_BOTO3;
  await database.back(["--until-empty"], { env: { FACTS_QUEUE_URL, ...aws }, python });
  const found = database.rows(`SELECT id, name, settings, "ownerId" FROM "Parties" WHERE id IN ('${partyId}', '${second.partyId}', '${third.partyId}')`);
  const both = [[partyId, "Readers of three", '{"genre": "SF"}', owner.userId], [second.partyId, "Friday", '{"genre": "crime"}', invitee.userId]];
  assert.deepEqual(found.toSorted(), both.toSorted());
  for (const one of [party, second]) {
    const { members } = (await read(invitee, one)).body;
    const there = database.values(`SELECT "userId" FROM "PartyMembers" WHERE "partyId" = '${one.partyId}'`);
    assert.deepEqual(there.toSorted(), members.map(({ userId }) => userId).toSorted());
  }
  const answers = Object.fromEntries(database.rows(`SELECT "userId", status FROM "PartyInvitations" WHERE "partyId" = '${partyId}'`));
  assert.deepEqual(answers, { [invitee.userId]: "accepted", [newcomer.userId]: "declined" });
  await nothingIsLeft(database, events);
});
