// Runs the public suites against the stack; each resolves to the outcomes of its cases: `{ name, status, why }`. A status is `passed`,
// `failed`, or `excluded` where the case was not asked for.

import { execFile, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { bundle } from "./bundle.mjs";
import { serve } from "./server.mjs";
import { terminate } from "./tls.mjs";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const jasmine = join(dirname(require.resolve("jasmine-core/package.json")), "lib/jasmine-core");

/** Starts the back end of pusher-js's specs and a port with TLS, and bundles the specs. */
export async function prepare({ stack, connection, backend }) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-public-"));
  const [tls, server] = [await terminate(stack.pusher), await serve(backend)];
  const { wsHost, wsPort } = connection;
  const settings = { key: stack.pusher.key, server: server.url, connection: { wsHost, wsPort, wssPort: tls.port } };
  const files = { node: join(directory, "node.cjs"), browser: join(directory, "browser.js") };
  await Promise.all(Object.entries(files).map(([platform, file]) => bundle(platform, file, settings)));
  return {
    files,
    url: server.url,
    certificate: tls.certificate,
    async close() {
      tls.close();
      server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** pusher-js's specs in Node, those whose full names match `pattern`. */
export async function inNode({ files, certificate }, pattern) {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate, NODE_PATH: join(here, "../node_modules"), NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, [join(here, "run.cjs"), files.node, pattern], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
  const outcomes = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // The suite prints, too.
    if (line.startsWith('{"name":')) {
      outcomes.push(JSON.parse(line));
    }
  }
  const code = await ended;
  if (code !== 0) {
    throw new Error(`the specs ended with ${code}, after ${outcomes.length} of them`);
  }
  return outcomes;
}

/** pusher-js's specs on a page, those whose full names match `pattern`. */
export async function onPage({ files, url }, page, pattern) {
  const outcomes = [];
  await page.exposeFunction("specDone", (outcome) => outcomes.push(outcome));
  const done = new Promise((resolve, reject) => {
    page.on("crash", () => reject(new Error("the page crashed")));
    page.on("pageerror", reject);
    page.exposeFunction("allDone", resolve).catch(reject);
  });
  await page.goto(`${url}/page`);
  for (const path of ["jasmine.js", "jasmine-html.js", "boot0.js"].map((name) => join(jasmine, name)).concat(files.browser)) {
    await page.addScriptTag({ path });
  }
  await page.evaluate((pattern) => {
    const env = window.jasmine.getEnv();
    env.configure({ random: false, specFilter: (spec) => new RegExp(pattern).test(spec.getFullName()) });
    env.addReporter({
      specDone({ fullName: name, status, failedExpectations }) {
        window.specDone({ name, status, why: failedExpectations.map(({ message }) => message).join("; ") });
      },
      jasmineDone: () => window.allDone(),
    });
    env.execute();
  }, pattern);
  await done;
  return outcomes;
}

/** The remote tests of Pusher's library for Node, as they are in its package. */
export function remote({ appId, key, secret }, { host }) {
  const library = dirname(require.resolve("pusher/package.json"));
  const mocha = join(dirname(require.resolve("mocha/package.json")), "bin/mocha.js");
  const env = { ...process.env, PUSHER_URL: `http://${key}:${secret}@${host}/apps/${appId}` };
  const args = [mocha, "--reporter", "json", "--require", join(here, "loopback.cjs"), "tests/remote/**/*.js"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: library, env }, (error, stdout, stderr) => {
      try {
        // Its exit code is the number of failed tests.
        const { tests } = JSON.parse(stdout.slice(stdout.indexOf("{\n")));
        resolve(tests.map(({ fullTitle: name, err: { message } }) => ({ name, status: message === undefined ? "passed" : "failed", why: message })));
      } catch {
        reject(new Error(`mocha did not run the tests: ${stderr || error}`));
      }
    });
  });
}
