// `cargo local smoke` against the running stack: as the local one, as if it were a deployed one, and where something is wrong.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";

import { person, service } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { LIMIT, until } from "./support/wait.mjs";

/** Runs it; resolves to its exit code and what it printed. */
function smoke(args = [], env = {}) {
  const options = { timeout: LIMIT, env: { ...process.env, CARILLON_TOKEN: "", CARILLON_SERVICE_TOKEN: "", CARILLON_EXPIRED_TOKEN: "", ...env } };
  return new Promise((resolve) => {
    execFile(process.env.CARILLON_LOCAL, ["smoke", ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr, output: stdout + stderr }),
    );
  });
}

const AS_DEPLOYED = ["--url", stack.url];

describe("cargo local smoke", () => {
  test("without arguments, checks all of the running stack, and leaves nothing", async () => {
    const before = await itemsMentioning("carillon-smoke-");
    const { code, output } = await smoke(["--write"]);
    assert.equal(code, 0, output);
    assert.match(output, /^\d+ passed, 0 failed, 0 skipped in [\d.]+ s$/m);
    assert.match(output, /^ok +\d+ ms {2}write: an event of another back end arrives/m);
    await until("the end of its rows", async () => (await itemsMentioning("carillon-smoke-")) === before);
  });

  test("checks a stack at an address, with tokens of the environment", async () => {
    const [ada, back, expired] = [person("Ada").token, service().token, token({ sub: "ada", exp: inSeconds(-60) })];
    const env = { CARILLON_TOKEN: ada, CARILLON_SERVICE_TOKEN: back, CARILLON_EXPIRED_TOKEN: expired };
    const { code, stdout, output } = await smoke([...AS_DEPLOYED, "--origin", "http://localhost:3001", "--json"], env);
    assert.equal(code, 0, output);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const { passed, failed, skipped } = lines.pop();
    assert.deepEqual([passed, failed, skipped], [lines.length, 0, 0]);
    assert.ok(lines.every(({ check, outcome, ms }) => check && outcome === "ok" && ms >= 0), stdout);
  });

  test("checks what it can with a member's token alone", async () => {
    const { code, output } = await smoke([...AS_DEPLOYED, "--token", person("Ada").token]);
    assert.equal(code, 0, output);
    assert.match(output, /0 failed, 4 skipped/);
  });

  test("fails with a token that is not accepted, and does not print it", async () => {
    const wrong = token({ sub: "ada" }, { secret: "another secret of at least 32 bytes" });
    const { code, output } = await smoke(AS_DEPLOYED, { CARILLON_TOKEN: wrong });
    assert.equal(code, 1, output);
    assert.match(output, /^FAILED +\d+ ms {2}tokens: the member's is accepted, and has a user\n.*\n {2}got +401 .*\n {2}see +docs\/OPERATIONS\.md#users-get-401$/m);
    assert.match(output, /^ok +\d+ ms {2}health: /m, "the other checks go on");
    assert.ok(!output.includes(wrong), "the token is printed");
  });

  test("fails where a member's token is that of another back end", async () => {
    const { code, output } = await smoke(AS_DEPLOYED, { CARILLON_TOKEN: service().token });
    assert.equal(code, 1, output);
    assert.match(output, /^FAILED +\d+ ms {2}refusals: an erasure, by a member$/m);
  });

  test("fails at an address where nothing answers", async () => {
    const { code, output } = await smoke(["--url", "http://localhost:1", "--token", "a.b.c"]);
    assert.equal(code, 1, output);
    assert.match(output, /^FAILED +\d+ ms {2}health: .*\n.*\n {2}got +no connection: /m);
    assert.match(output, /^0 passed, /m);
  });

  test("asks for what it needs in a sentence", async () => {
    const api = "https://abc.execute-api.eu-west-1.amazonaws.com";
    for (const [args, told] of [
      [["--url", api, "--token", "t"], /^error: .*give the stack's output SocketUrl as --socket-url$/m],
      [AS_DEPLOYED, /^error: Give the token of a member .* CARILLON_TOKEN/m],
      [[...AS_DEPLOYED, "--token", "t", "--write"], /^error: --write needs a token with the role service/m],
      [["--url", "http://api.example", "--token", "t"], /^error: --url: .*only with TLS/m],
    ]) {
      const { code, stderr } = await smoke(args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, told);
    }
  });
});
