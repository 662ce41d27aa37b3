// The picture of the README, played: an event is sent while the server that delivers is killed, and it arrives. `WRITE_PICTURE=1` writes
// docs/outage.gif of it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { servePage } from "./page/server.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { person, service } from "./support/people.mjs";
import { killPusher, noPusherServer, startPusher } from "./support/processes.mjs";
import { stack } from "./support/stack.mjs";

const WRITES = process.env.WRITE_PICTURE === "1";
const SIZE = { width: 800, height: 360 };
/** How long a frame of the picture stands, in milliseconds: as long as it did, within these. */
const [SHORTEST, LONGEST] = [60, 2_200];
/** How long a viewer looks at the last one. */
const LAST = 4_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

let browser, served;

before(async () => {
  if (!unavailable && !noPusherServer) {
    served = await servePage(0, "localhost", "../outage-scene");
    browser = await launch();
  }
});

after(async () => {
  await browser?.close();
  await served?.close();
});

/** Takes a frame of the page on each call; `gif()` resolves to the picture. */
function camera(page) {
  const frames = [];
  return {
    async frame() {
      frames.push({ at: Date.now(), png: (await page.screenshot()).toString("base64") });
    },
    async gif() {
      const stood = (n) => (n + 1 < frames.length ? Math.min(Math.max(frames[n + 1].at - frames[n].at, SHORTEST), LONGEST) : LAST);
      const [pngs, delays] = [frames.map(({ png }) => png), frames.map((_, n) => stood(n))];
      const drawn = await page.evaluate((all) => window.gif(...all), [pngs, delays, SIZE]);
      return Buffer.from(drawn, "base64");
    },
  };
}

/** Runs curl as the terminal shows it, and resolves to the status. */
async function notify(userId, title) {
  const data = JSON.stringify({ userId, type: "ORDER_SHIPPED", title, body: "It arrives on Friday.", data: {} });
  const headers = ["-H", `authorization: Bearer ${service().token}`, "-H", "content-type: application/json"];
  const { stdout } = await promisify(execFile)("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", ...headers, "-d", data, `${stack.url}/notifications`]);
  return stdout;
}

test("an event that is sent while the Pusher server is killed arrives when it is back", { skip: unavailable || noPusherServer }, async (t) => {
  const ben = person("Ben");
  const context = await newContext(t, browser, { viewport: SIZE });
  const page = await context.newPage();
  const { frame, gif } = camera(page);
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  cleanUp(t, () => assert.deepEqual(faults, [], "the page threw"));
  const print = async (text, style) => {
    await page.evaluate((line) => window.print(...line), [text, style]);
    await frame();
  };
  const look = (ms) => (WRITES ? page.waitForTimeout(ms) : undefined);
  const connected = () => page.locator('output[data-state="connected"]').waitFor();
  const bell = (count) => page.getByRole("button", { name: `Notifications, ${count} unread` }).waitFor();

  const subscribed = page.waitForEvent("websocket").then((socket) => socket.waitForEvent("framereceived", { predicate: ({ payload }) => /subscription_succeeded/.test(String(payload)) }));
  await page.goto(`${served.origin}/#${encodeURIComponent(JSON.stringify({ userId: ben.userId, token: ben.token }))}`);
  await subscribed;
  await page.getByRole("button", { name: "Notifications" }).click();
  await frame();
  await look(1000);

  await print('$ curl localhost:3000/notifications \\\n    -d \'{"userId":"ben","title":"Parcel 1",…}\'', "command");
  await look(600);
  assert.equal(await notify(ben.userId, "Parcel 1"), "201");
  await print("201 Created", "good");
  await bell(1);
  await frame();
  await look(1800);

  await print("$ kill -9 $(pidof sockudo)   # the Pusher server", "command");
  await killPusher(t);
  await page.locator('output:not([data-state="connected"])').waitFor();
  await frame();
  await look(1500);

  await print('$ curl localhost:3000/notifications \\\n    -d \'{"userId":"ben","title":"Parcel 2",…}\'', "command");
  await look(600);
  assert.equal(await notify(ben.userId, "Parcel 2"), "201");
  await print("201 Created: stored, and delivered later", "good");
  await look(2000);
  assert.equal(await page.getByText("Parcel 2", { exact: true }).count(), 0, "nobody can have delivered it");

  await print("$ sockudo   # starts again", "command");
  await startPusher();
  await connected();
  await frame();
  await bell(2);
  await page.getByText("Parcel 2", { exact: true }).waitFor();
  await frame();

  if (WRITES) {
    writeFileSync(here("../../docs/outage.gif"), await gif());
  }
});
