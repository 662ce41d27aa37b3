// `npm create carillon`: each template is made from the packages of this clone, built, served and clicked through.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { axe } from "./support/axe.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { stack } from "./support/stack.mjs";
import { LIMIT, until } from "./support/wait.mjs";

const run = promisify(execFile);
const clients = fileURLToPath(new URL("../../clients/", import.meta.url));
const QUIET = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
/** A folder for pictures of the apps, to look at. */
const PICTURES = process.env.CARILLON_PICTURES;

/** The scripts of each app that serve it: the first as it is built, the second while it is developed. */
const SERVED = { vite: ["preview", "dev"], next: ["start", "dev"] };

describe("npm create carillon", { skip: unavailable }, () => {
  let directory, carillon, create, browser;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "carillon-create-"));
    if (!existsSync(`${clients}typescript/node_modules`)) {
      await run("npm", ["ci", ...QUIET], { cwd: `${clients}typescript` });
    }
    carillon = await pack("typescript");
    // As npm unpacks it, so that a file that is not packed is missing.
    await run("tar", ["-xzf", await pack("create-carillon"), "-C", directory]);
    create = join(directory, "package/index.mjs");
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function pack(name) {
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", directory, "--foreground-scripts=false"], { cwd: clients + name });
    const [{ filename }] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))));
    return join(directory, filename);
  }

  /** Serves the app by one of its scripts until the end of the test. */
  async function serve(t, cwd, script) {
    const port = await freePort();
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
    const child = spawn("npm", ["run", script, "--", "--port", String(port)], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (said) => (output += said));
    child.stderr.on("data", (said) => (output += said));
    cleanUp(t, () => process.kill(-child.pid, "SIGKILL"));
    const address = `http://localhost:${port}`;
    await until(`the app at ${address}`, async () => {
      assert.equal(child.exitCode, null, output);
      return fetch(address).then(({ ok }) => ok, () => false);
    });
    // A server on every interface answers on each of these; on Linux, 127.0.0.2 needs no interface.
    const others = Object.values(networkInterfaces()).flat().filter(({ internal, family }) => !internal && family === "IPv4");
    for (const other of ["127.0.0.2", ...others.map(({ address }) => address)]) {
      await assert.rejects(fetch(`http://${other}:${port}`, { signal: AbortSignal.timeout(LIMIT) }), `${script} answers on ${other}`);
    }
    return address;
  }

  /** Resolves once the page hears its user's channel. */
  async function subscription(page) {
    const socket = await page.waitForEvent("websocket", (socket) => socket.url().includes(`/app/${stack.pusher.key}`));
    await socket.waitForEvent("framereceived", { predicate: ({ payload }) => /subscription_succeeded.*private-user-|private-user-.*subscription_succeeded/s.test(String(payload)) });
  }

  for (const [template, [built, developed]] of Object.entries(SERVED)) {
    test(`the app of the template ${template} builds, and its bell rings when its button is clicked`, async (t) => {
      const app = join(directory, `my-${template}`);
      await run(process.execPath, [create, app, "--template", template, "--url", stack.url, "--key", stack.pusher.key, "--carillon", `file:${carillon}`]);
      await run("npm", ["install", ...QUIET], { cwd: app });
      await run("npm", ["run", "build"], { cwd: app, env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" } });
      const context = await newContext(t, browser, { viewport: { width: 800, height: 600 } });
      const draft = await context.newPage();
      const said = [];
      draft.on("console", (line) => said.push(line.text()));
      const live = subscription(draft);
      await draft.goto(await serve(t, app, developed));
      await live;
      assert.doesNotMatch(said.join("\n"), /WebSocket/, "React's strict mode ends a connection");
      await draft.close();

      const address = await serve(t, app, built);
      const [page, other] = [await context.newPage(), await context.newPage()];
      const faults = [];
      for (const one of [page, other]) {
        one.on("pageerror", (fault) => faults.push(fault));
        const subscribed = subscription(one);
        await one.goto(address);
        await subscribed;
      }
      await page.bringToFront();
      await page.getByText("The button asks this app's server to notify Ben.").waitFor();
      let send;
      const isAllowed = new Promise((resolve) => (send = resolve));
      await page.route(`${address}/**`, (route) => (route.request().method() === "POST" ? isAllowed.then(() => route.continue()) : route.continue()));
      const button = (disabled) => page.getByRole("button", { name: "Send a notification", disabled });
      await button(false).click();
      await button(true).waitFor();
      send();
      await button(false).waitFor();
      for (const one of [page, other]) {
        await one.getByRole("status").getByText(/^New notification: It left at /).waitFor();
        await one.getByRole("button", { name: /^Notifications, \d+ unread$/ }).waitFor();
      }
      await page.getByRole("button", { name: /^Notifications/ }).click();
      const newest = page.getByRole("dialog", { name: "Notifications" }).getByRole("listitem").first();
      await newest.getByText("Your parcel is on its way").waitFor();
      assert.deepEqual(await axe(page), []);
      if (PICTURES) {
        await page.screenshot({ path: `${PICTURES}/create-${template}.png` });
      }
      assert.deepEqual(faults, [], "a page threw");
    });
  }
});

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "localhost", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
