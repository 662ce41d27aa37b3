// A user is erased everywhere.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { person, service } from "./support/people.mjs";
import { itemsMentioning } from "./support/table.mjs";

test("a service erases a user everywhere, and nobody else may", async () => {
  const [ada, ben] = [person("Ada"), person("Ben")];
  const secret = `a title of ${crypto.randomUUID()}`;
  const kudos = { receiverId: ben.userId, sessionId: "s1", bookTitle: secret };
  await expecting(201, "POST", "/kudos", { as: ada, json: kudos });
  await expecting(201, "POST", "/parties", { as: ada, json: { partyName: secret } });
  assert.ok((await itemsMentioning(secret)) > 1);

  const path = `/users/${ada.userId}`;
  assert.equal((await call("DELETE", path, { as: ada })).status, 403);
  assert.equal((await call("DELETE", path, {})).status, 401);
  assert.equal((await call("DELETE", "/users/a%20b", { as: service() })).status, 400);
  let done = false;
  for (let calls = 0; !done && calls < 50; calls++) {
    ({ done } = await expecting(200, "DELETE", path, { as: service() }));
  }
  assert.ok(done);
  assert.equal(await itemsMentioning(secret), 0);
  assert.deepEqual((await expecting(200, "GET", "/kudos", { as: ben })).kudos, []);
});
