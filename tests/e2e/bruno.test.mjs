// The Bruno collection of docs/bruno: complete and correct.

import assert from "node:assert/strict";
import { test } from "node:test";

import { requests, run } from "./support/bruno.mjs";
import { guestOf, newHotel, newId, person, service } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { deployedRoutes } from "./support/template.mjs";

test("every deployed route has a request, and no request is for another", () => {
  assert.deepEqual([...new Set(requests.map(({ route }) => route))].toSorted(), deployedRoutes().toSorted());
});

test("the integration guide's file is there, and both kinds of body", () => {
  const bodies = requests.filter(({ route }) => route === "POST /pusher/auth").flatMap(({ body }) => Object.keys(body));
  assert.ok(requests.some(({ file }) => file === "pusher-auth.bru"));
  assert.deepEqual([...new Set(bodies)].toSorted(), ["formUrlEncoded", "json"]);
});

test("every request holds its answer's status against something", () => {
  const careless = requests.filter(({ assertions }) => !assertions.some(({ name }) => name === "res.status"));
  assert.deepEqual(careless.map(({ file }) => file), []);
});

test("Bruno runs the collection against this stack, and all of it holds", async () => {
  const [ada, ben] = [person("Ada"), person("Ben")];
  const guest = guestOf(newHotel());
  const { code, output, results } = await run({
    baseUrl: stack.url,
    pusherAppId: stack.pusher.appId,
    pusherKey: stack.pusher.key,
    pusherSecret: stack.pusher.secret,
    adaId: ada.userId,
    adaToken: ada.token,
    benId: ben.userId,
    benToken: ben.token,
    serviceToken: service().token,
    bookId: newId("book"),
    hotelSlug: guest.hotel,
    bookingId: guest.booking,
    bailId: newId("bail"),
    guestToken: guest.token,
  });

  for (const { test: { filename }, error, assertionResults, testResults } of results) {
    const failed = [...assertionResults, ...testResults].filter(({ status }) => status !== "pass");
    assert.deepEqual({ error, failed }, { error: null, failed: [] }, filename);
  }
  assert.equal(code, 0, output);
  assert.deepEqual(results.map(({ test: { filename } }) => filename).toSorted(), requests.map(({ file }) => file).toSorted());
  const looked = (kind) => results.reduce((sum, result) => sum + result[kind].length, 0);
  assert.equal(looked("assertionResults"), requests.reduce((sum, { assertions }) => sum + assertions.length, 0));
  assert.equal(looked("testResults"), requests.reduce((sum, { tests }) => sum + tests.split(/^test\(/m).length - 1, 0));
});
