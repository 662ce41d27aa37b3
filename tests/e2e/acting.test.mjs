// A back end that acts for its users: On-Behalf-Of.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { operations } from "./support/openapi.mjs";
import { listeningIn, partyOf, read, update } from "./support/party.mjs";
import { newId, person, service, shown } from "./support/people.mjs";
import { isKnown } from "./support/table.mjs";
import { until } from "./support/wait.mjs";

const actingFor = ({ userId }) => ({ "on-behalf-of": userId });

/** Has the person been here, so that their name and picture are stored. */
async function introduced(...args) {
  const user = person(...args);
  await expecting(200, "GET", "/kudos", { as: user });
  await until("the person's profile", () => isKnown(user));
  return user;
}

test("a back end gives kudos for a user, whose name the receiver sees", async (t) => {
  const [billing, ada, grace] = [service(), await introduced("Ada", "https://example.org/ada.png"), person("Grace")];
  const listener = await listen(t, grace);
  await listener.subscribe(grace.ownChannel);
  const kudos = { receiverId: grace.userId, sessionId: newId("session"), bookTitle: "The Dispossessed" };
  const headers = { ...actingFor(ada), "idempotency-key": randomUUID() };

  const given = await expecting(201, "POST", "/kudos", { as: billing, json: kudos, headers });

  assert.deepEqual((await listener.next("kudos:received")).fromUser, shown(ada));
  assert.deepEqual(await expecting(201, "POST", "/kudos", { as: billing, json: kudos, headers }), given);
  const own = { "idempotency-key": headers["idempotency-key"] };
  assert.notEqual((await expecting(201, "POST", "/kudos", { as: ada, json: kudos, headers: own })).kudosId, given.kudosId);
});

test("a back end changes a user's party, and its members learn it", async (t) => {
  const [billing, ada, ben] = [service(), person("Ada"), person("Ben")];
  const party = await partyOf(ada, ben);
  const listener = await listeningIn(t, ben, party);
  const rename = (user) =>
    call("PATCH", `/parties/${party.partyId}`, { as: billing, json: { partyName: "Friday readers" }, headers: actingFor(user) });

  assert.equal((await rename(ben)).status, 403, "as for ben himself, who is not the owner");
  assert.equal((await rename(ada)).status, 200);

  await listener.next("party-updated", update(party, "settings-changed"));
  assert.equal((await read(ben, party)).body.partyName, "Friday readers");
});

test("every member's route refuses the header of a member, and an id that no member has", async () => {
  const routes = operations.filter(({ takesOnBehalfOf }) => takesOnBehalfOf);
  assert.ok(routes.length > 40, `${routes.length}`);
  const [billing, eve] = [service(), person("Eve")];
  for (const { path, method, name } of routes) {
    const filled = path.replaceAll(/\{[^}]+\}/g, "x-1");
    const asked = (as, userId) => call(method.toUpperCase(), filled, { as, headers: { "on-behalf-of": userId } });
    assert.equal((await asked(eve, "ada")).status, 403, name);
    assert.equal((await asked(billing, "guest;killarney;BK-1")).status, 400, name);
  }
});
