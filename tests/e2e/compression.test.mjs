// Long answers over HTTP: compressed where the client accepts gzip.

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import { call, expecting } from "./support/api.mjs";
import { person, service } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";

/** The answer as it comes over the wire. */
function raw(path, headers) {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, stack.url), { headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    sent.on("error", reject).end();
  });
}

test("a long answer is compressed for a client that accepts it, and read by fetch as any other", async () => {
  const ada = person("Ada");
  for (let n = 0; n < 10; n += 1) {
    const json = { userId: ada.userId, type: "MESSAGE", data: { senderName: "B\u00e9atrice", n } };
    await expecting(201, "POST", "/notifications", { as: service(), json });
  }
  const authorization = `Bearer ${ada.token}`;
  const plain = await raw("/notifications", { authorization, "accept-encoding": "identity" });
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.match(plain.headers.vary, /accept-encoding/i);
  assert.ok(plain.body.length > 1024);

  const packed = await raw("/notifications", { authorization, "accept-encoding": "gzip, deflate" });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.match(packed.headers.vary, /accept-encoding/i);
  assert.ok(packed.body.length < plain.body.length / 2, `${packed.body.length} of ${plain.body.length} bytes`);
  assert.equal(gunzipSync(packed.body).toString(), plain.body.toString());

  const fetched = await call("GET", "/notifications", { as: ada });
  assert.equal(fetched.headers.get("content-encoding"), "gzip", "Node's fetch accepts it by itself");
  assert.deepEqual(fetched.body, JSON.parse(plain.body));
});

test("a short answer stays as it is", async () => {
  const { headers } = await call("GET", "/notifications/unread-count", { as: person() });
  assert.equal(headers.get("content-encoding"), null);
  assert.equal(headers.get("vary")?.toLowerCase().includes("accept-encoding") ?? false, false);
});
