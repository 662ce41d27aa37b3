// Books, as another back end tells of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { newId, person, service } from "./support/people.mjs";

test("a book that another back end put has its author, and nobody else may put one", async () => {
  const [bookId, ursula] = [newId("book"), person("Ursula")];
  const book = { authorId: ursula.userId, authorName: "Ursula Vey", title: "The Left Hand of the Tide" };
  const path = `/books/${bookId}`;
  assert.deepEqual(await expecting(200, "PUT", path, { as: service(), json: book }), { bookId, ...book });
  assert.equal((await expecting(200, "POST", `/rooms/${bookId}/presence`, { as: ursula })).isAuthor, true);

  assert.equal((await call("PUT", path, { as: ursula, json: book })).status, 403);
  assert.equal((await call("PUT", path, { json: book })).status, 401);
  assert.equal((await call("PUT", path, { as: service(), json: { ...book, writer: "Ursula" } })).status, 400);
  assert.equal((await call("PUT", path, { as: service(), json: { ...book, title: "x".repeat(70_000) } })).status, 413);
  assert.equal((await call("PUT", path, { as: service(), form: book })).status, 415);
});
