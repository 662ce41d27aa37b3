import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

describe("create-carillon", () => {
  let directory;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "create-carillon-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const create = (...args) =>
    new Promise((resolve) => {
      const answer = (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr });
      execFile(process.execPath, [here("../index.mjs"), ...args], { cwd: directory }, answer).stdin.end();
    });

  for (const [template, prefix] of [["vite", "VITE_"], ["next", "NEXT_PUBLIC_"]]) {
    test(`makes the app of ${template} for the local stack, and says how to start it`, async () => {
      const { code, stdout } = await create("My App!", "--template", template);
      assert.equal(code, 0);
      assert.match(stdout, /npm install\n {2}npm run dev\n\nThe local stack has to run/);
      const { name, dependencies } = json(join(directory, "My App!/package.json"));
      assert.equal(name, "my-app-");
      assert.equal(dependencies.carillon, `^${json(here("../../typescript/package.json")).version}`);
      const env = readFileSync(join(directory, "My App!/.env"), "utf8");
      assert.match(env, new RegExp(`^${prefix}CARILLON_URL=http://localhost:3000\n${prefix}CARILLON_KEY=carillon-local$`, "m"));
      assert.equal(statSync(join(directory, "My App!/.env")).mode & 0o777, 0o600);
      assert.match(readFileSync(join(directory, "My App!/.gitignore"), "utf8"), /^\.env$/m);
      assert.equal(existsSync(join(directory, "My App!/_gitignore")), false);
    });
  }

  test("no script of a template listens beyond this machine, as its page has a token of Ben's", () => {
    // Next.js listens on every interface unless it is given a host, Vite on localhost.
    const LOOPBACK = [/^next (dev|start) --hostname localhost( |$)/, /^vite( preview)?( --(port \d+|strictPort))*$/];
    const SERVES_NOTHING = /^(next build|vite build|tsc --noEmit)$/;
    for (const template of readdirSync(here("../templates"))) {
      for (const [name, script] of Object.entries(json(here(`../templates/${template}/package.json`)).scripts)) {
        for (const command of script.split(" && ")) {
          assert.ok([...LOOPBACK, SERVES_NOTHING].some((pattern) => pattern.test(command)), `${name} of ${template}: ${command}`);
        }
      }
    }
    assert.doesNotMatch(readFileSync(here("../templates/vite/vite.config.ts"), "utf8"), /\bhost\b/);
  });

  test("makes an app for a deployed stack, in an empty folder that is a repository already", async () => {
    mkdirSync(join(directory, "app/.git"), { recursive: true });
    const { code, stdout } = await create("app", "--template", "vite", "--url", "https://api.example/", "--key", "abc", "--cluster", "eu", "--carillon", "file:x.tgz");
    assert.equal(code, 0);
    assert.match(stdout, /Set CARILLON_JWT_SECRET in \.env/);
    assert.match(readFileSync(join(directory, "app/.env"), "utf8"), /VITE_CARILLON_URL=https:\/\/api\.example\nVITE_CARILLON_KEY=abc\n.*\nVITE_CARILLON_CLUSTER=eu$/m);
    assert.equal(json(join(directory, "app/package.json")).dependencies.carillon, "file:x.tgz");
  });

  test("overwrites nothing, and says what to give", async () => {
    mkdirSync(join(directory, "full"));
    writeFileSync(join(directory, "full/a"), "mine");
    writeFileSync(join(directory, "file"), "mine");
    for (const [args, said] of [
      [["full", "--template", "vite"], /full is not empty/],
      [["file", "--template", "vite"], /file is a file/],
      [["app", "--template", "vue"], /There is no template "vue": take vite or next/],
      [["app", "--template", "vite", "--url", "localhost"], /take the stack's output ApiUrl/],
      [["app", "--template", "vite", "--url", "https://api.example"], /give --key/],
      [["app", "--template", "vite", "--key", "a\nSECRET=b"], /do not fit/],
      [["app"], /Name a folder and a template/],
      [["a", "b"], /one folder/],
      [["app", "--tempalte", "vite"], /--tempalte/],
    ]) {
      const { code, stderr } = await create(...args);
      assert.deepEqual([code, said.test(stderr)], [2, true], `${args.join(" ")}: ${stderr}`);
    }
    assert.equal(existsSync(join(directory, "app")), false);
  });

  test("would be published with its templates, to everybody and with its provenance", async () => {
    const { publishConfig } = json(here("../package.json"));
    assert.deepEqual(publishConfig, { access: "public", provenance: true });
    const options = ["publish", "--dry-run", "--json", "--ignore-scripts", "--provenance=false"];
    const { stdout } = await promisify(execFile)("npm", options, { cwd: here("..") });
    for (const path of ["index.mjs", "README.md", "templates/vite/_gitignore", "templates/next/app/actions.ts"]) {
      assert.ok(stdout.includes(`"path": "${path}"`), path);
    }
    assert.ok(!stdout.includes("node_modules"));
  });
});
