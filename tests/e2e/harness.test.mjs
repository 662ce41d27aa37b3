// The rules of the end-to-end tests: a slow machine makes no test fail, and no test makes another one fail.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { cleanUp } from "./support/cleanup.mjs";

const here = (path) => new URL(path, import.meta.url);
const files = ["./", "./support/"].flatMap((directory) =>
  readdirSync(here(directory))
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => `${directory}${name}`),
);

/** Fails for each line of another file than these in which this is written. */
function nowhere(pattern, except) {
  const lines = files
    .filter((path) => !except.includes(path))
    .flatMap((path) => readFileSync(here(path), "utf8").split("\n").map((text, n) => ({ at: `${path}:${n + 1}`, text })));
  assert.deepEqual(lines.filter(({ text }) => pattern.test(text)).map(({ at }) => at), []);
}

test("a test waits for something, and never for a time: wait.mjs has the one limit", () => {
  // A test that is asked to make a moving picture waits between its frames.
  nowhere(/^(?!.*\bWRITES \?).*(?:\bsetTimeout\b|setInterval|timers\/promises|waitForTimeout|\btimeout: \d|AbortSignal\.timeout\(\d)/, ["./support/wait.mjs", "./harness.test.mjs"]);
});

test("at a test's end everything is put in order, the latest first, though one part fails", async () => {
  let end;
  const t = { after: (act) => (end = act) };
  const done = [];
  cleanUp(t, () => done.push("first"));
  cleanUp(t, () => Promise.reject(new Error("no")));
  cleanUp(t, () => done.push("last"));
  await assert.rejects(end, /no/);
  assert.deepEqual(done, ["last", "first"]);
});

test("no test puts anything in order by other means", () => {
  nowhere(/\bt\.after\(/, ["./support/cleanup.mjs", "./harness.test.mjs"]);
});

test("a page waits within the one limit, too: chromium.mjs makes each context", () => {
  nowhere(/browser\.newContext\(/, ["./support/chromium.mjs", "./harness.test.mjs"]);
});
