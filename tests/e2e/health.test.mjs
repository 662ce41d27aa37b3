// `GET /health`: the status of the services, and no secrets.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "./support/api.mjs";
import { freezePusher, killPusher, noPusherServer, startPusher } from "./support/processes.mjs";

const OK = { status: "ok", table: "ok", pusher: "ok" };
const WITHOUT_PUSHER = { status: "degraded", table: "ok", pusher: "unreachable" };

test("everything is reached, and anyone may ask", async () => {
  const { status, body } = await call("GET", "/health");
  assert.equal(status, 200);
  assert.deepEqual(body, OK);
});

test("a Pusher that is down is said to be, and nothing more", { skip: noPusherServer }, async (t) => {
  await killPusher(t);
  const { status, body } = await call("GET", "/health");
  assert.equal(status, 503);
  assert.deepEqual(body, WITHOUT_PUSHER);
  await startPusher();
  assert.deepEqual((await call("GET", "/health")).body, OK);
});

test("a Pusher that does not answer is not waited for", { skip: noPusherServer }, async (t) => {
  freezePusher(t);
  const { status, body } = await call("GET", "/health");
  assert.equal(status, 503);
  assert.deepEqual(body, WITHOUT_PUSHER);
});

test("a monitor that asks for the head gets the status alone", async () => {
  const { status, text } = await call("HEAD", "/health");
  assert.deepEqual([status, text], [200, ""]);
});
