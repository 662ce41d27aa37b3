// The code of the CloudFront function in the template, which puts both APIs on one origin.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const template = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
const [, code] = template.match(/FunctionCode: \|\n((?: {8}.*\n|\n)+)/);
const handler = new Function(`${code}; return handler;`)();
const asked = (uri, querystring) => handler({ request: { uri, querystring } });
const uri = (path) => asked(path, { EIO: { value: "4" } }).uri;

test("the edge asks the APIs for the paths that they have", () => {
  assert.equal(uri("/socket.io/"), "/socketio");
  assert.equal(uri("/socket.io"), "/socketio");
  assert.equal(uri("/api/notifications/device-token"), "/notifications/device-token");
  assert.equal(uri("/api/notifications"), "/notifications");
});

test("the edge moves the key of Pusher's clients into the query", () => {
  const protocol = { protocol: { value: "7" }, client: { value: "js" } };
  assert.deepEqual(asked("/app/carillon-local", { ...protocol }), {
    uri: "/pusher",
    querystring: { ...protocol, appKey: { value: "carillon-local" } },
  });
  // The path decides, and no key adds a parameter.
  const twice = { value: "b", multiValue: [{ value: "b" }, { value: "c" }] };
  assert.deepEqual(asked("/app/a&token=b+c=%20", { appKey: twice }).querystring, { appKey: { value: "a%26token%3Db%2Bc%3D%20" } });
});

test("the edge leaves every other path as it is", () => {
  for (const path of ["/", "/dashboard", "/ws", "/dashboard/online", "/api/guest/hotel/h/chat/messages", "/api/notificationsx", "/socket.iox", "/app", "/app/", "/app/a/b", "/apps/1/events", "/pusher", "/pusher/auth"]) {
    assert.equal(uri(path), path);
  }
});
