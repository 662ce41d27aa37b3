// The documents, the deployed routes and what the tests met are the same. `cargo local test` runs it after all tests.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { events } from "./support/asyncapi.mjs";
import { forget, met } from "./support/coverage.mjs";
import { operations } from "./support/openapi.mjs";
import { deployedRoutes } from "./support/template.mjs";

after(forget);

test("every deployed route is documented, and every documented one is deployed", () => {
  assert.deepEqual(operations.map(({ name }) => name).toSorted(), deployedRoutes().toSorted());
});

test("every operation has succeeded in the tests, in each way that is documented", () => {
  const { answers } = met();
  const successes = operations.flatMap(({ name, statuses }) =>
    statuses.filter((status) => status < 300).map((status) => `${name} ${status}`),
  );
  assert.deepEqual(successes.filter((success) => !answers.has(success)), [], "never met");
});

test("every documented refusal that a caller can cause was met", () => {
  const { answers } = met();
  // A caller does not cause the gateway's rate limit, our own failures, or a server without e-mail or attachments.
  const guest = "/api/guest/hotel/{hotelSlug}/chat";
  const staff = "/hotels/{hotelSlug}/chats/{bookingId}";
  const withoutAttachments = ["/messages/{userId}/attachments", ...[guest, staff].flatMap((chat) => [`${chat}/attachments`, `${chat}/messages`])];
  const elsewhere = ["GET /email/unsubscribe 404", "POST /email/unsubscribe 404", ...withoutAttachments.map((path) => `POST ${path} 404`)];
  const refusals = operations.flatMap(({ name, statuses }) =>
    statuses.filter((status) => status >= 400 && status < 500 && status !== 429).map((status) => `${name} ${status}`),
  );
  const expected = refusals.filter((refusal) => !elsewhere.includes(refusal));
  assert.deepEqual(expected.filter((refusal) => !answers.has(refusal)), [], "never met");
});

test("every documented event was received", () => {
  const seen = met().events;
  const documented = events.map(({ address, name }) => `${address} ${name}`);
  assert.deepEqual(documented.filter((event) => !seen.has(event)), [], "never received");
});
