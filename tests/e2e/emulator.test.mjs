// The emulator, as `local/bridge/ministack/` changes it.

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";

import { call } from "./support/api.mjs";
import { countProcesses, unavailable } from "./support/processes.mjs";

test("a burst of requests runs in as many processes as there are cores, and each is answered", { skip: unavailable }, async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => call("GET", "/health")));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const processes = countProcesses("Health");
  assert.ok(processes <= Math.max(2, availableParallelism()), `${processes} processes`);
});
