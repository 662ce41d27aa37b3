// A token in a cookie: TokenCookie, which `cargo local test` sets for its stack.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "./support/api.mjs";
import { person } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";

const status = async (method, path, headers) => (await call(method, path, { headers })).status;

test("the cookie counts on requests of pages of an allowed origin alone", async () => {
  const cookie = `theme=dark; carillon-token=${person("Ada").token}`;
  const [read, write] = [["GET", "/notifications/unread-count"], ["POST", "/notifications/read-all"]];

  for (const request of [read, write]) {
    assert.equal(await status(...request, { cookie, origin: stack.url }), 200);
    assert.equal(await status(...request, { cookie, origin: "https://evil.example" }), 403);
    assert.equal(await status(...request, { cookie }), 403, "without a word of the page");
    assert.equal(await status(...request, { origin: stack.url }), 401, "without the cookie");
  }
  assert.equal(await status(...read, { cookie, "sec-fetch-site": "same-origin" }), 200);
  assert.equal(await status(...read, { cookie, "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await status(...write, { cookie, "sec-fetch-site": "same-origin" }), 403);
  const authorization = "Bearer not.a.token";
  assert.equal(await status(...read, { cookie, origin: stack.url, authorization }), 401, "the header goes first");
});
