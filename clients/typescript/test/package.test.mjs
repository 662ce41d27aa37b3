import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Fixtures, each with the part of docs/asyncapi.yaml that it needs. */
const SEEDS = {
  "parties.tsx": "party-updated",
  "party-client.ts": "party-updated",
  "reading-rooms.ts": "room:user-joined",
  "push.ts": "notification:new",
  "guest-chat.ts": "realtime_event",
  "lease-chat.ts": "new-message",
  "sockets.ts": "sendMessage",
};

/** Further options of Vite's template for TypeScript. */
const STRICT = {
  moduleDetection: "force",
  useDefineForClassFields: true,
  allowImportingTsExtensions: true,
  verbatimModuleSyntax: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  erasableSyntaxOnly: true,
  noFallthroughCasesInSwitch: true,
  noUncheckedSideEffectImports: true,
};

describe("The package that `npm pack` makes", () => {
  let app, packed;

  before(async () => {
    app = mkdtempSync(join(tmpdir(), "carillon-app-"));
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", app], { cwd: here("..") });
    packed = Object.values(JSON.parse(stdout))[0];
    const modules = join(app, "node_modules");
    mkdirSync(join(modules, "carillon"), { recursive: true });
    await run("tar", ["-xzf", join(app, packed.filename), "-C", join(modules, "carillon"), "--strip-components=1"]);
    for (const name of readdirSync(here("../node_modules")).filter((name) => !name.startsWith("."))) {
      symlinkSync(here(`../node_modules/${name}`), join(modules, name));
    }
    cpSync(here("seeds"), join(app, "seeds"), { recursive: true });
    cpSync(here("types"), join(app, "types"), { recursive: true });
    writeFileSync(join(app, "package.json"), JSON.stringify({ name: "an-app", type: "module" }));
  });

  after(() => rmSync(app, { recursive: true, force: true }));

  /** TypeScript's errors for these files in an app of their own. */
  async function faults(files, options = {}) {
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022", "DOM", "DOM.Iterable"],
      module: "ESNext",
      moduleResolution: "Bundler",
      jsx: "react-jsx",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      paths: {},
      ...options,
    };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    try {
      await run(process.execPath, [here("../node_modules/typescript/bin/tsc"), "--project", app], { cwd: app });
      return "";
    } catch (error) {
      return error.stdout || error.message;
    }
  }

  test("holds the built code, its types, the licences and the README, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "dist/index.js", "dist/index.d.ts", "dist/react/index.js", "dist/react/inbox.css", "dist/server/index.js"]) {
      assert.ok(paths.includes(path), `${path} is missing`);
    }
    const others = paths.filter((path) => !/^(dist\/.*\.(js|d\.ts)|dist\/cjs\/package\.json|dist\/react\/inbox\.css|package\.json|README\.md|LICENSE-(MIT|APACHE))$/.test(path));
    assert.deepEqual(others, []);
  });

  const printed = "console.log(typeof connect, typeof usePusher, typeof createBackend)";

  test("is an ES module that Node loads", async () => {
    const script = `const { connect } = await import("carillon"); const { usePusher } = await import("carillon/react"); const { createBackend } = await import("carillon/server"); ${printed}`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: app });
    assert.equal(stdout.trim(), "function function function");
  });

  test("is a CommonJS module that Node requires, and connects", async () => {
    const script = `const { connect } = require("carillon"); const { usePusher } = require("carillon/react"); const { createBackend } = require("carillon/server");
connect({ apiUrl: "http://127.0.0.1:9", appKey: "k", token: "t" }).close(); ${printed}`;
    const { stdout } = await run(process.execPath, ["--input-type=commonjs", "--eval", script], { cwd: app });
    assert.equal(stdout.trim(), "function function function");
  });

  test("marks its hooks as client code, for the app router of Next.js", () => {
    for (const build of ["dist", "dist/cjs"]) {
      assert.match(readFileSync(join(app, `node_modules/carillon/${build}/react/index.js`), "utf8"), /^("use strict";\n)?"use client";/);
    }
  });

  test("passes publint and attw, which know what goes wrong with exports and types", async () => {
    const bin = (name) => here(`../node_modules/.bin/${name}`);
    await run(bin("publint"), ["run", join(app, packed.filename), "--strict"]);
    // `node10` is the resolution of Node before 12, which knows no `exports`.
    await run(bin("attw"), [join(app, packed.filename), "--profile", "node16", "--exclude-entrypoints", "react/inbox.css"]);
  });

  test("would be published, with its provenance, to everybody", async () => {
    const { publishConfig } = JSON.parse(readFileSync(here("../package.json"), "utf8"));
    assert.deepEqual(publishConfig, { access: "public", provenance: true });
    // Provenance needs the identity of a workflow.
    await run("npm", ["publish", "--dry-run", "--ignore-scripts", "--provenance=false", join(app, packed.filename)], { cwd: app });
  });

  test("has types that accept what the documents have, and refuse anything else", async () => {
    assert.equal(await faults(["types/events.ts"]), "");
  });

  test("has correct types also for an app that resolves modules like Node", async () => {
    assert.equal(await faults(["types/events.ts", "types/server.ts"], { module: "NodeNext", moduleResolution: "NodeNext" }), "");
  });

  test("has correct types also for an app in CommonJS", async () => {
    cpSync(join(app, "types/server.ts"), join(app, "types/server.cts"));
    cpSync(join(app, "types/events.ts"), join(app, "types/events.cts"));
    assert.equal(await faults(["types/events.cts", "types/server.cts"], { module: "NodeNext", moduleResolution: "NodeNext" }), "");
  });

  test("compiles the back end that the package's README shows", async () => {
    const [, shown] = readFileSync(here("../README.md"), "utf8").match(/^```ts\n(import [^\n]*"carillon\/server";\n[\s\S]*?)^```$/m);
    const ofTheApp = "declare const API_URL: string, JWT_SECRET: string, APP_ID: string, KEY: string, SECRET: string, request: Request;\n";
    writeFileSync(join(app, "backend.ts"), ofTheApp + shown);
    assert.equal(await faults(["backend.ts"], STRICT), "");
  });

  test("compiles the README's first snippet in an app that Vite's template made", async () => {
    writeFileSync(join(app, "readme.ts"), readFileSync(here("../../../README.md"), "utf8").match(/^```ts\n(import [\s\S]*?)^```$/m)[1]);
    assert.equal(await faults(["readme.ts"], STRICT), "");
  });

  test("compiles the hooks that the package's README shows, in the same app", async () => {
    const shown = readFileSync(here("../README.md"), "utf8").match(/^```tsx\n([\s\S]*?)^```$/m)[1];
    const [, imports, provider, inside] = shown.match(/^(import .*\n)([\s\S]*?<\/CarillonProvider>)([\s\S]*)$/);
    const ofTheApp = `declare const API_URL: string, PUSHER_KEY: string, PUSHER_CLUSTER: string, partyId: string, bookId: string, user: { id: string } | null;
declare const getAccessToken: () => Promise<string>, readInvitations: (signal: AbortSignal) => Promise<void>, App: () => null;
declare const toast: (text: string) => void, refresh: (partyId: string) => void;`;
    const root = `export const root = ${provider.replace(/\/\/.*\n/g, "").trim()};`;
    const component = `export function Inside() {\n${inside}\nreturn <p>{isSubscribed ? members.length : error?.message}</p>;\n}`;
    writeFileSync(join(app, "guide.tsx"), [imports, ofTheApp, root, component].join("\n"));
    assert.equal(await faults(["guide.tsx"], STRICT), "");
  });

  test("compiles the inbox that the package's README shows", async () => {
    const shown = readFileSync(here("../README.md"), "utf8").match(/^```tsx\n(import \{ Inbox[\s\S]*?)^```$/m)[1];
    const [, imports, element] = shown.match(/^((?:import .*\n)+)([\s\S]*)$/);
    const ofTheApp = 'declare module "*.css";\n';
    writeFileSync(join(app, "css.d.ts"), ofTheApp);
    writeFileSync(join(app, "inbox.tsx"), `${imports}declare const navigate: (path: string) => void;\nexport const inbox = ${element.trim()};\n`);
    assert.equal(await faults(["inbox.tsx", "css.d.ts"], STRICT), "");
  });

  const events = readFileSync(here("../../../docs/asyncapi.yaml"), "utf8");
  const isKnown = (event) => events.includes(`name: ${event}\n`);
  const compiled = Object.keys(SEEDS).filter((name) => isKnown(SEEDS[name]));
  let found;
  for (const [name, event] of Object.entries(SEEDS)) {
    const skip = !isKnown(event) && `docs/asyncapi.yaml does not know ${event} yet`;
    test(`compiles the client code of ${name}`, { skip }, async () => {
      found ??= faults(["seeds/ambient.d.ts", ...compiled.map((name) => `seeds/${name}`)]);
      assert.deepEqual((await found).split("\n").filter((line) => line.startsWith(`seeds/${name}`)), []);
    });
  }

  test("has no other error in these files", async () => {
    assert.equal(await found, "");
  });

  test("has every fixture compiled", () => {
    const fixtures = readdirSync(here("seeds")).filter((name) => !name.endsWith(".d.ts"));
    assert.deepEqual(fixtures.toSorted(), Object.keys(SEEDS).toSorted());
  });
});
