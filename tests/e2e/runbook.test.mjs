// The commands of docs/OPERATIONS.md and docs/DEPLOY_CHECK.md can be pasted as they are: each section runs in a shell of its own with
// stand-ins for AWS's tools, so a variable that the section does not define ends it. The names that it asks CloudFormation for are those of
// template.yaml. The sections of DEPLOY_CHECK follow one another in one directory.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";

import { cleanUp } from "./support/cleanup.mjs";
import { LIMIT } from "./support/wait.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const template = readFileSync(`${root}template.yaml`, "utf8");

/** Each tool notes how it was called, a line per call, and prints a value. No loop goes on for what they print. */
const STAND_INS = `
sleep() { :; }
for tool in aws sam cargo curl jq openssl; do
  eval "$tool() { printf '%s ' $tool \\"\\$@\\" | tr '\\\\n' ' ' >&9; echo >&9; echo a-value; }"
done
export EDITOR=true
exec 9>calls
set -u
`;

const blocksOf = (text) => [...text.matchAll(/^ *\`\`\`sh\n([\s\S]*?)^ *\`\`\`$/gm)].map(([, block]) => block);

/** The shell blocks of each section of a page, by the section's heading, and what is pasted at once into a terminal of its own. */
function sections(text) {
  return text.split(/^(?=## )/m).map((section) => {
    const [alone, shared = ""] = section.split("Use the same terminal").map(blocksOf);
    const pastes = shared.length ? [...alone.slice(0, -1), [alone.at(-1), ...shared].join("\n")] : alone;
    const blocks = blocksOf(section);
    return { heading: section.match(/^## (.*)/)?.[1] ?? "(the beginning)", blocks, pastes, script: blocks.join("\n") };
  });
}

/** A directory that goes with the test, with these files of the repository. */
function directoryOf(t, files = []) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-runbook-"));
  cleanUp(t, () => rmSync(directory, { recursive: true }));
  for (const file of files) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
    copyFileSync(`${root}${file}`, join(directory, file));
  }
  return directory;
}

/** Runs a section's commands; resolves to what was called. `said` gets what they print. */
function run(t, script, said = () => {}, cwd = directoryOf(t)) {
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", `${STAND_INS}${script}\nexit 0`], { cwd, timeout: LIMIT }, (error, stdout, stderr) => {
      said(stdout);
      const mistake = stderr.match(/.*(?:unbound variable|command not found|No such file|syntax error|unexpected|Error:).*/)?.[0];
      if (error || mistake) {
        reject(new Error(mistake ?? stderr));
      } else {
        resolve(readFileSync(join(cwd, "calls"), "utf8"));
      }
    });
  });
}

const isResource = (name) => new RegExp(`^  ${name}:\\n    (Type|Metadata|Condition):`, "m").test(template);
const isOutput = (name) => new RegExp(`^Outputs:[\\s\\S]*^  ${name}:$`, "m").test(template);

/** The sections of a page that have commands. */
const sectionsOf = (page) => sections(readFileSync(`${root}docs/${page}`, "utf8")).filter(({ script }) => script);

/** The names that calls ask CloudFormation for are those of the template. */
function asksForWhatThereIs(calls) {
  assert.match(calls, /^(aws|sam|curl) /m, "calls no tool");
  for (const [, name] of calls.matchAll(/--logical-resource-id (\S+)/g)) {
    assert.ok(isResource(name), `template.yaml has no resource ${name}`);
  }
  for (const [, name] of calls.matchAll(/OutputKey=='(\w+)'/g)) {
    assert.ok(isOutput(name), `template.yaml has no output ${name}`);
  }
}

const all = sectionsOf("OPERATIONS.md");

describe("docs/OPERATIONS.md", () => {
  for (const { heading, script } of all) {
    test(heading, async (t) => {
      asksForWhatThereIs(await run(t, script));
    });
  }

  test("a block needs no other one, unless its section says that they share a terminal", async (t) => {
    const pastes = all.flatMap(({ heading, pastes }) => pastes.map((script) => ({ heading, script })));
    assert.ok(pastes.length > 15, `${pastes.length} pastes`);
    for (const { heading, script } of pastes) {
      await run(t, script).catch((error) => assert.fail(`${heading}: ${error.message}`));
    }
  });

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
    const without = await run(t, `jq() { cat > calls.jq; return 5; }\n${script}`);
    assert.ok(!without.includes("delete-stack"), "nothing is deleted if the table's template cannot be read");
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

describe("docs/DEPLOY_CHECK.md", () => {
  const check = sectionsOf("DEPLOY_CHECK.md");
  const sectionOf = (heading) => check.find((section) => section.heading === heading);
  const [create] = check;
  const read = (directory, file) => readFileSync(join(directory, file), "utf8");
  const FILES = ["samconfig.toml", "template.yaml", "deploy/token.mjs"];

  test("its sections can be pasted one after the other", async (t) => {
    const directory = directoryOf(t, FILES);
    assert.ok(check.length >= 9, `${check.length} sections`);
    for (const { heading, script } of check) {
      const calls = await run(t, script, undefined, directory).catch((error) => assert.fail(`${heading}: ${error.message}`));
      asksForWhatThereIs(calls);
      if (!["Create", "Remove a route with settings", "Delete and restore"].includes(heading)) {
        assert.match(calls, /^cargo local smoke --url a-value --socket-url a-value --origin http:\/\/localhost:3001 --write $/m, heading);
      }
    }
    assert.equal(existsSync(join(directory, "template-check.yaml")), false);
    for (const file of ["secret.json", "curl.conf", "check.env"]) {
      assert.equal(existsSync(join(directory, "target", file)), false, `${file} is left`);
    }
  });

  test("each section after the first one needs what the first one writes, and nothing else", async (t) => {
    for (const { heading, script } of check.slice(1)) {
      await assert.rejects(run(t, script, undefined, directoryOf(t, FILES)), /check\.env: No such file|unbound variable/, heading);
    }
  });

  test("its tokens are signed with the secret, and expire when they should", async (t) => {
    const directory = directoryOf(t, FILES);
    await run(t, create.script, undefined, directory);
    let printed;
    await run(t, ". target/check.env; token smoke member 600", (text) => (printed = text.trim()), directory);
    const [header, claims, signature] = printed.split(".");
    // The secret is what the stand-in for jq prints.
    assert.equal(signature, createHmac("sha256", "a-value").update(`${header}.${claims}`).digest("base64url"));
    const { sub, roles, exp } = JSON.parse(Buffer.from(claims, "base64url"));
    assert.deepEqual([sub, roles], ["smoke", ["member"]]);
    assert.ok(Math.abs(exp - 600 - Date.now() / 1000) < 60, `${exp}`);
  });

  test("the settings of dev change, and are restored", async (t) => {
    const directory = directoryOf(t, FILES);
    const before = read(directory, "samconfig.toml");
    await run(t, create.script, undefined, directory);
    const [update] = sectionOf("Update and roll back").blocks;
    const steps = update.split(/(?=^sam deploy)/m);
    await run(t, steps[0], undefined, directory);
    assert.equal(read(directory, "samconfig.toml"), before.replace('"LogRetentionDays=7",', '"LogRetentionDays=7", "PlatformLogLevel=INFO",'));
    await run(t, `. target/check.env\n${steps[1]}`, undefined, directory);
    assert.match(read(directory, "samconfig.toml"), /"LogRetentionDays=7", "KmsKeyArn=arn:aws:kms:[^"]*",$/m);
    await run(t, `. target/check.env\n${steps[2]}`, undefined, directory);
    assert.equal(read(directory, "samconfig.toml"), before);
    await run(t, sectionOf("Rotate a secret").script, undefined, directory);
    const rotated = before.replace('# "SecretVersionId=…",', '"SecretVersionId=a-value",');
    assert.equal(read(directory, "samconfig.toml"), rotated.replace('"Release=1",', '"Release=2", "Secrets=secrets-manager",'));
  });

  test("one route goes with its settings, and no other line", async (t) => {
    const directory = directoryOf(t, FILES);
    await run(t, create.script, undefined, directory);
    const [line] = sectionOf("Remove a route with settings").script.match(/^awk .*$/m);
    await run(t, line, undefined, directory);
    const rest = read(directory, "template-check.yaml").split("\n");
    const gone = template.split("\n").filter((text) => !rest.includes(text));
    assert.deepEqual(gone.map((text) => text.trim()), ['"HEAD /health":', "Head:", "Properties: { ApiId: !Ref Api, Method: HEAD, Path: /health }"]);
    assert.equal(template.split("\n").length - rest.length, 7);
  });

  test("it has at most 900 words beside the commands", () => {
    const prose = readFileSync(`${root}docs/DEPLOY_CHECK.md`, "utf8").replaceAll(/^\`\`\`sh\n[\s\S]*?^\`\`\`$/gm, "");
    assert.ok(prose.split(/\s+/).length <= 900, `${prose.split(/\s+/).length} words`);
  });
});
