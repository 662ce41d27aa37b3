// The commands of docs/OPERATIONS.md can be pasted as they are: each section runs in a shell of its own with stand-ins for AWS's tools, so
// a variable that the section does not define ends it. The names that it asks CloudFormation for are those of template.yaml.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";

import { cleanUp } from "./support/cleanup.mjs";
import { LIMIT } from "./support/wait.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const template = readFileSync(`${root}template.yaml`, "utf8");

/** Each tool notes how it was called, a line per call, and prints a value. No loop goes on for what they print. */
const STAND_INS = `
for tool in aws sam curl jq openssl; do
  eval "$tool() { printf '%s ' $tool \\"\\$@\\" | tr '\\\\n' ' ' >&9; echo >&9; echo a-value; }"
done
export EDITOR=true
exec 9>calls
set -u
`;

/** The shell blocks of each section of a page, by the section's heading. */
function sections(text) {
  return text.split(/^(?=## )/m).map((section) => {
    const blocks = [...section.matchAll(/^ *\`\`\`sh\n([\s\S]*?)^ *\`\`\`$/gm)].map(([, block]) => block);
    return { heading: section.match(/^## (.*)/)?.[1] ?? "(the beginning)", blocks, script: blocks.join("\n") };
  });
}

/** Runs a section's commands; resolves to what was called. `said` gets what they print. */
function run(t, script, said = () => {}) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-runbook-"));
  cleanUp(t, () => rmSync(directory, { recursive: true }));
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", `${STAND_INS}${script}\nexit 0`], { cwd: directory, timeout: LIMIT }, (error, stdout, stderr) => {
      said(stdout);
      const mistake = stderr.match(/.*(?:unbound variable|command not found|syntax error|unexpected).*/)?.[0];
      if (error || mistake) {
        reject(new Error(mistake ?? stderr));
      } else {
        resolve(readFileSync(join(directory, "calls"), "utf8"));
      }
    });
  });
}

const isResource = (name) => new RegExp(`^  ${name}:\\n    (Type|Metadata|Condition):`, "m").test(template);
const isOutput = (name) => new RegExp(`^Outputs:[\\s\\S]*^  ${name}:$`, "m").test(template);

const all = sections(readFileSync(`${root}docs/OPERATIONS.md`, "utf8")).filter(({ script }) => script);

describe("docs/OPERATIONS.md", () => {
  for (const { heading, script } of all) {
    test(heading, async (t) => {
      const calls = await run(t, script);
      assert.match(calls, /^(aws|sam|curl) /m, "calls no tool");
      for (const [, name] of calls.matchAll(/--logical-resource-id (\S+)/g)) {
        assert.ok(isResource(name), `template.yaml has no resource ${name}`);
      }
      for (const [, name] of calls.matchAll(/OutputKey=='(\w+)'/g)) {
        assert.ok(isOutput(name), `template.yaml has no output ${name}`);
      }
    });
  }

  test("an empty queue of dead letters says so", async (t) => {
    const [first] = all.find(({ heading }) => heading === "A dead letter").blocks;
    for (const [letter, expected] of [["null", /No dead letter/], ["", /No dead letter/], ['{"Body":"{}"}', /^a-value$/m]]) {
      let printed;
      const calls = await run(t, `${first.replace(/LETTER=\$\(.*\)/, `LETTER='${letter}'`)}`, (text) => (printed = text));
      assert.match(printed, expected);
      assert.equal(/^jq /m.test(calls), letter.startsWith("{"), "jq is given a letter only");
    }
  });

  test("one paste replays or removes no more than one thing", () => {
    const { blocks } = all.find(({ heading }) => heading === "A dead letter");
    const acts = blocks.map((block) => block.match(/send-message |lambda invoke|delete-message|start-message-move-task/g) ?? []);
    assert.deepEqual(acts.filter((act) => act.length > 1), []);
    assert.equal(acts.flat().length, 6);
  });

  test("a restored table has what the template says, and the stack is deleted only when its table's template is kept", async (t) => {
    const { script } = all.find(({ heading }) => heading === "Restoring the table");
    const calls = await run(t, script);
    const of = (property) => template.match(new RegExp(`^ +${property}: \\{ (.*) \\}$`, "m"))[1];
    assert.ok(calls.includes(`StreamEnabled=true,${of("StreamSpecification").replace(": ", "=")} `));
    assert.ok(calls.includes(of("TimeToLiveSpecification").replace(/AttributeName: (\w+), Enabled: true/, "Enabled=true,AttributeName=$1 ")));
    assert.ok(calls.includes(`${of("PointInTimeRecoverySpecification").replace(": ", "=")} `));
    const order = ["restore-table-to-point-in-time", "get-template", "delete-stack", "create-change-set", "sam deploy"];
    const places = order.map((call) => calls.indexOf(call));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.ok(places.every((place) => place >= 0), `${places}`);
  });

  test("a section that uses another one's variable is found", async (t) => {
    await assert.rejects(run(t, 'aws logs tail "$LOGS"'), /LOGS: unbound variable/);
    await assert.rejects(run(t, "resource Table"), /resource: command not found/);
    assert.deepEqual([isResource("Table"), isResource("Tabel"), isOutput("ApiUrl"), isOutput("Table")], [true, false, true, false]);
  });
});
