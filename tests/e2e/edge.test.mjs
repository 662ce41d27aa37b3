// The code of the CloudFront function in the template, which puts both APIs on one origin.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const template = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
const [, code] = template.match(/FunctionCode: \|\n((?: {8}.*\n|\n)+)/);
const handler = new Function(`${code}; return handler;`)();
const uri = (path) => handler({ request: { uri: path, querystring: { EIO: { value: "4" } } } }).uri;

test("the edge asks the APIs for the paths that they have", () => {
  assert.equal(uri("/socket.io/"), "/socketio");
  assert.equal(uri("/socket.io"), "/socketio");
  assert.equal(uri("/api/notifications/device-token"), "/notifications/device-token");
  assert.equal(uri("/api/notifications"), "/notifications");
});

test("the edge leaves every other path as it is", () => {
  for (const path of ["/", "/dashboard", "/ws", "/dashboard/online", "/api/guest/hotel/h/chat/messages", "/api/notificationsx", "/socket.iox"]) {
    assert.equal(uri(path), path);
  }
});
