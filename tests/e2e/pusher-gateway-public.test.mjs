// The suites with which Pusher tests its own clients and libraries, run as they are in its npm packages. docs/CHANNELS.md says which cases
// are left out.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { inNode, onPage, prepare, remote } from "./public/suites.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { server as backend } from "./support/server.mjs";
import { connection, isGateway, stack } from "./support/stack.mjs";

/** Those that set the suite up and end it. */
const AROUND = "global config";
/** Those that use no server, but the suite's stand-ins. */
const ALONE = "^(?!.*forceTLS=)";
/** Those that are left out: they need HTTP in place of WebSockets. */
const OVER_HTTP = /with (xhr_streaming|xhr_polling), forceTLS=/;

const withStatus = (outcomes, wanted) => outcomes.filter(({ status }) => status === wanted);

/** Fails with the reasons of the cases that failed, and unless so many were run. */
function allPass(outcomes, count) {
  assert.deepEqual(withStatus(outcomes, "failed").map(({ name, why }) => `${name}: ${why}`), []);
  assert.equal(withStatus(outcomes, "passed").length, count);
}

// pusher-js 8.6.0. A run has 31 cases of a transport, three of it with a cluster, and two around each of these.
describe("pusher-js's own integration specs", { concurrency: true }, () => {
  let suite, browser;

  before(async () => {
    assert.ok(isGateway);
    suite = await prepare({ stack, connection, backend });
    browser = unavailable ? undefined : await launch();
  });

  after(async () => {
    await browser?.close();
    await suite?.close();
  });

  async function inChromium(t, pattern) {
    const context = await newContext(t, browser, { ignoreHTTPSErrors: true });
    return onPage(suite, await context.newPage(), pattern);
  }

  for (const [title, tls] of [["without TLS", false], ["with TLS", true]]) {
    const pattern = `with ws, forceTLS=${tls}|${AROUND}`;

    test(`pass in Node, ${title}`, async () => {
      allPass(await inNode(suite, pattern), 38);
    });

    test(`pass in Chromium, ${title}`, { skip: unavailable }, async (t) => {
      allPass(await inChromium(t, pattern), 38);
    });
  }

  test("that need no server pass in Node", async () => {
    const outcomes = await inNode(suite, ALONE);
    allPass(outcomes, 16);
    assert.deepEqual(withStatus(outcomes, "excluded").filter(({ name }) => !name.includes("with ws, ")), []);
  });

  test("that need no server pass in Chromium, and all that are left out need HTTP", { skip: unavailable }, async (t) => {
    const outcomes = await inChromium(t, ALONE);
    allPass(outcomes, 24);
    const others = withStatus(outcomes, "excluded").filter(({ name }) => !name.includes("with ws, "));
    assert.deepEqual(others.filter(({ name }) => !OVER_HTTP.test(name)), []);
    assert.equal(others.length, 4 * 34);
  });
});

// pusher 5.3.4. The library takes digits alone for an app's id where it is made of an address.
test("the remote tests of Pusher's library for Node pass", async () => {
  allPass(await remote(stack.pusher, new URL(stack.url)), 7);
});
