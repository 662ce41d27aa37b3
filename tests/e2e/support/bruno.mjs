// The Bruno collection of docs/bruno: what its files say, and a run of it by Bruno's own command line.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bruToJsonV2 } from "@usebruno/lang";

const collection = fileURLToPath(new URL("../../../docs/bruno", import.meta.url));
const bru = fileURLToPath(new URL("../node_modules/@usebruno/cli/bin/bru.js", import.meta.url));
const NO_REQUESTS = /(^|\/)(collection|folder)\.bru$|^environments\//;

/** Every request: its file, its route as the template writes it, and what it holds an answer against. */
export const requests = readdirSync(collection, { recursive: true })
  .filter((file) => file.endsWith(".bru") && !NO_REQUESTS.test(file))
  .map((file) => {
    const { http, body, assertions = [], tests = "" } = bruToJsonV2(readFileSync(join(collection, file), "utf8"));
    return { file, route: `${http.method.toUpperCase()} ${pathOf(http.url)}`, body, assertions, tests };
  });

function pathOf(url) {
  const [path] = url.replace("{{baseUrl}}", "").split("?");
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

/**
 * Runs the whole collection with the environment `local`, in which `variables` replace or add to what its file has.
 * Resolves to the exit code, what was printed, and one result for each request.
 */
export async function run(variables) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-bruno-"));
  const report = join(directory, "report.json");
  const settings = Object.entries(variables).flatMap(([name, value]) => ["--env-var", `${name}=${value}`]);
  try {
    const { code, output } = await ended(["run", "-r", "--env", "local", "--reporter-json", report, ...settings]);
    const [{ results }] = JSON.parse(readFileSync(report, "utf8"));
    return { code, output, results };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function ended(args) {
  const child = spawn(process.execPath, [bru, ...args], { cwd: collection, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
