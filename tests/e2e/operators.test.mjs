// Operators: other back ends, and people with the role admin.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { accept, end, partyOf, read, remove } from "./support/party.mjs";
import { newId, person, service } from "./support/people.mjs";
import { until } from "./support/wait.mjs";

const admin = () => person("Root", null, { roles: ["admin"] });

test("an admin sees everything of a user, and nobody else does", async () => {
  const [ada, ben] = [person("Ada"), person("Ben")];
  const { partyId } = await partyOf(ada, ben);
  for (const operator of [admin(), service()]) {
    await until("the party in the index", async () => {
      const shown = await expecting(200, "GET", `/users/${ada.userId}`, { as: operator });
      assert.equal(shown.profile.displayName, "Ada");
      return shown.parties.parties.some((party) => party.partyId === partyId);
    });
  }
  assert.equal((await call("GET", `/users/${ada.userId}`, { as: ada })).status, 403);
  assert.equal((await call("GET", `/users/${ada.userId}`)).status, 401);
  const acting = { as: service(), headers: { "on-behalf-of": ada.userId } };
  assert.equal((await call("GET", `/users/${ada.userId}`, acting)).status, 400);
});

test("an admin finds a party among all, removes a member and ends it", async () => {
  const [root, ada, ben] = [admin(), person("Ada"), person("Ben")];
  const party = await partyOf(ada, ben);
  let [cursor, found] = ["", false];
  do {
    const page = await expecting(200, "GET", `/parties?all=true&limit=50${cursor && `&cursor=${cursor}`}`, { as: root });
    found ||= page.parties.some(({ partyId }) => partyId === party.partyId);
    cursor = page.nextCursor;
  } while (cursor && !found);
  assert.ok(found);
  await until("the party in the index", async () => {
    const { parties } = await expecting(200, "GET", `/parties?userId=${ben.userId}`, { as: root });
    return parties.some(({ partyId }) => partyId === party.partyId);
  });
  assert.equal((await call("GET", "/parties?all=true", { as: ada })).status, 403);

  assert.equal((await remove(root, party, ada)).status, 409, "the owner");
  assert.equal((await remove(root, party, ben)).status, 204);
  assert.equal((await read(ben, party)).status, 403);
  assert.equal((await end(root, party)).status, 204);
  assert.equal((await read(ada, party)).status, 404);
  assert.equal((await accept(ben, party)).status, 404);
});

test("an admin sees a hotel's inbox", async () => {
  const hotel = newId("hotel").slice(0, 40);
  assert.deepEqual((await expecting(200, "GET", `/hotels/${hotel}/chats`, { as: admin() })).chats, []);
});
