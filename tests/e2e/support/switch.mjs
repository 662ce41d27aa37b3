// A team that moves to Carillon, as docs/MIGRATE.md has the steps: the import and its comparison, the team's back end, the way back.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expecting } from "./api.mjs";
import { service } from "./people.mjs";
import { stack } from "./stack.mjs";

const run = promisify(execFile);

/** The summary of an import: how many lines of each kind ended in each way. */
async function importOf(...args) {
  const { stdout } = await run(process.env.CARILLON_LOCAL, ["import", ...args]);
  const rows = stdout.trim().split("\n").map((line) => line.trim().split(/\s+/));
  const [, ...ways] = rows.find(([first]) => first === "kind");
  const kinds = rows.slice(rows.findIndex(([first]) => first === "kind") + 1);
  return Object.fromEntries(kinds.map(([kind, ...counts]) => [kind, Object.fromEntries(ways.map((way, n) => [way, Number(counts[n])]))]));
}

/**
 * Imports a team's database, and compares: sent once more, each kind's lines are as many as its query counts, all of them unchanged.
 * Resolves to the file of ids that the way back needs.
 */
export async function imported(database, counts) {
  const file = join(mkdtempSync(join(tmpdir(), "carillon-")), "lines.ndjson");
  writeFileSync(file, database.lines());
  await importOf(file);
  const again = await importOf(file, "--again");
  for (const [kind, query] of Object.entries(counts)) {
    const { created, unchanged, skipped, failed } = again[kind];
    assert.deepEqual([created, unchanged + skipped, failed], [0, database.values(query)[0], 0], kind);
  }
  return `${file}.ids.ndjson`;
}

/** The team's back end: it acts for its users, with a token of its own. */
export const actFor = ({ userId }, status, method, path, json) =>
  expecting(status, method, path, { as: service(), json, headers: { "on-behalf-of": userId } });

/** Options of the way back with which it reads the table, beside the routes. */
export const withTable = {
  env: {
    CARILLON_TABLE: stack.tableName, AWS_ENDPOINT_URL: stack.awsEndpoint, AWS_DEFAULT_REGION: stack.region, AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  },
  python: process.env.CARILLON_PYTHON_WITH_BOTO3,
};

/** Facts change the database once, and reading everything through the routes finds nothing more. */
export async function nothingIsLeft(database, events, nothing = "rows changed: none") {
  assert.equal(await database.back([], { events }), nothing, "the same facts again");
  assert.equal(await database.back(["--all"]), nothing, "all that the routes have");
}
