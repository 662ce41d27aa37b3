// Profiles, as another back end tells of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { newId, person, service } from "./support/people.mjs";

test("a profile that another back end put names the user in a room, and nobody else may put one", async () => {
  const [bookId, ada] = [newId("book"), person("Ada")];
  const profile = { displayName: "Ada Okoro", avatarUrl: "https://cdn.example/ada.png", email: "ada@example.com" };
  const path = `/users/${ada.userId}/profile`;
  assert.deepEqual(await expecting(200, "PUT", path, { as: service(), json: profile }), { userId: ada.userId, ...profile });
  await expecting(200, "POST", `/rooms/${bookId}/presence`, { as: ada });
  assert.match(JSON.stringify(await expecting(200, "GET", `/rooms/${bookId}/presence`, { as: ada })), /Ada Okoro/);

  assert.equal((await call("PUT", path, { as: ada, json: profile })).status, 403);
  assert.equal((await call("PUT", path, { json: profile })).status, 401);
  assert.equal((await call("PUT", path, { as: service(), json: { ...profile, name: "Ada" } })).status, 400);
  assert.equal((await call("PUT", path, { as: service(), json: { displayName: "x".repeat(70_000) } })).status, 413);
  assert.equal((await call("PUT", path, { as: service(), form: { displayName: "Ada" } })).status, 415);
});
