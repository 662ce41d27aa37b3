// Headers that a page sends without its author's doing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { stack } from "./support/stack.mjs";

const BY = {
  Carillon: ["authorization", "content-type", "idempotency-key", "if-none-match"],
  OpenTelemetry: ["traceparent", "tracestate", "baggage"],
  Sentry: ["sentry-trace", "baggage"],
  "Laravel with Echo and axios": ["x-socket-id", "x-requested-with", "x-xsrf-token", "x-csrf-token"],
  Django: ["x-csrftoken"],
};

for (const [whose, headers] of Object.entries(BY)) {
  test(`a page with ${whose} may call the API`, async () => {
    const answer = await fetch(`${stack.url}/kudos`, {
      method: "OPTIONS",
      headers: {
        origin: "http://localhost:5173",
        "access-control-request-method": "POST",
        "access-control-request-headers": headers.toSorted().join(","),
      },
    });
    const allowed = answer.headers.get("access-control-allow-headers").split(",");
    assert.deepEqual(headers.filter((header) => !allowed.includes(header)), []);
  });
}
