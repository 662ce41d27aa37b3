// The page at `/` of the local stack, and the reference, in a real browser.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { axe } from "./support/axe.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { newId } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

const run = promisify(execFile);
const WIDTHS = [390, 600, 1280];
const THEMES = ["light", "dark"];

describe("The page at the stack's address", { skip: unavailable }, () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  /** The page at this path, which must not throw, break its policy or load anything from elsewhere. */
  async function open(t, path, options = {}) {
    const context = await newContext(t, browser, { viewport: { width: 1280, height: 800 }, ...options });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: stack.url });
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(String(fault)));
    page.on("console", (said) => /Content Security Policy/.test(said.text()) && faults.push(said.text()));
    page.on("request", (request) => /^(http|ws)/.test(request.url()) && !request.url().startsWith(stack.url) && faults.push(request.url()));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw, or loaded something from elsewhere"));
    await page.goto(`${stack.url}${path}`);
    return page;
  }

  const token = (page) => page.getByLabel("The token", { exact: true });
  const command = (page) => page.getByLabel("A request with the token", { exact: true }).textContent();
  const claims = async (page) => JSON.parse(Buffer.from((await token(page).textContent()).split(".")[1], "base64url"));

  test("shows what runs, and leads to every page", async (t) => {
    const page = await open(t, "/");
    await page.getByText("All well", { exact: true }).waitFor();
    const parts = page.getByRole("region", { name: "What runs" });
    await parts.getByText(stack.url, { exact: true }).waitFor();
    await parts.getByText(/\d+ owed, \d+ to be retried, \d+ dead letters?/).waitFor();
    const links = await page.locator("a[href^='/']").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    for (const path of ["/console", "/reference", "/reference/events", "/examples/guest-chat", "/examples/lease-chat", "/health"]) {
      assert.ok(links.includes(path), path);
    }
    for (const path of links) {
      assert.equal((await fetch(`${stack.url}${path}`)).status, 200, path);
    }
  });

  test("makes a token for any user id and each role, with a request that the stack takes", async (t) => {
    const page = await open(t, "/");
    await token(page).waitFor();
    for (const [role, roles, status] of [
      ["", undefined, 201],
      ["admin", ["admin"], 200],
      ["service", ["service"], 201],
    ]) {
      const userId = newId("somebody");
      await page.getByLabel("Role").selectOption(role);
      await page.getByLabel("User id").fill(userId);
      await page.getByRole("button", { name: "Make a token" }).click();
      await page.getByText(new RegExp(`^For ${userId}.*good for 12 hours`)).waitFor();
      assert.deepEqual([(await claims(page)).sub, (await claims(page)).roles], [userId, roles]);
      const { stdout } = await run("sh", ["-c", `${await command(page)} -sS -o /dev/null -w '%{http_code}'`]);
      assert.equal(stdout, String(status), role);
    }
    await page.getByRole("button", { name: "Copy token" }).click();
    await until("the copied token", async () => (await page.evaluate(() => navigator.clipboard.readText())) === (await token(page).textContent()));
    await page.getByRole("button", { name: "Copy curl" }).click();
    await until("the copied command", async () => (await page.evaluate(() => navigator.clipboard.readText())) === (await command(page)));
  });

  test("makes a token for a hotel's guest", async (t) => {
    const page = await open(t, "/");
    await token(page).waitFor();
    await page.getByLabel("Role").selectOption("guest");
    await page.getByLabel("Booking").fill("BK-2026-7");
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByText("For the guest of BK-2026-7, good for 12 hours").waitFor();
    assert.equal(await page.getByLabel("User id").isVisible(), false);
    const { stdout } = await run("sh", ["-c", `${await command(page)} -sS -o /dev/null -w '%{http_code}'`]);
    assert.equal(stdout, "200");
  });

  test("says what is wrong with an id", async (t) => {
    const page = await open(t, "/");
    await token(page).waitFor();
    await page.getByLabel("User id").fill("auth0|abc");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText(/auth0\|abc|id/).waitFor();
    assert.equal(await token(page).isVisible(), false);
  });

  test("can be used with the keyboard alone", async (t) => {
    const page = await open(t, "/");
    await token(page).waitFor();
    const focused = () => page.evaluate(() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim().split("\n")[0]);
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the links");
    for (let presses = 0; (await focused()) !== "Role"; presses += 1) {
      assert.ok(presses < 14, "the role is not reached by Tab");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("s");
    await page.getByText(/^For billing with the role service/).waitFor();
    await page.keyboard.press("Tab");
    const userId = newId("typed");
    await page.keyboard.type(userId);
    await page.keyboard.press("Enter");
    await page.getByText(`For ${userId} with the role service`).waitFor();
  });

  for (const colorScheme of THEMES) {
    for (const width of WIDTHS) {
      test(`axe finds nothing at ${width} px in ${colorScheme}, and nothing is cut`, async (t) => {
        const page = await open(t, "/", { colorScheme, viewport: { width, height: 800 } });
        await token(page).waitFor();
        assert.deepEqual(await axe(page), []);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
      });
    }
  }

  test("is light or dark as somebody chose in the console", async (t) => {
    const page = await open(t, "/", { colorScheme: "light" });
    await page.getByRole("button", { name: "Switch to dark" }).click();
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.goto(`${stack.url}/console`);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), dark);
    await page.goto(`${stack.url}/reference`);
    await page.locator("html.dark").waitFor();
  });

  for (const [path, items] of [
    ["/reference", ["Kudos", "Notifications", "Lease chat"]],
    ["/reference/events", ["Events for one user", "Events of a party"]],
  ]) {
    for (const width of WIDTHS) {
      test(`${path} is drawn without the network at ${width} px`, async (t) => {
        const page = await open(t, path, { viewport: { width, height: 800 } });
        await page.getByRole("heading", { name: /^Carillon/ }).waitFor();
        for (const item of width === 1280 ? items : []) {
          await page.getByText(item, { exact: true }).first().waitFor();
        }
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
      });
    }
  }

  for (const [path, item] of [["/reference", "Kudos"], ["/reference/events", "Events for one user"]]) {
    for (const colorScheme of THEMES) {
      test(`axe finds nothing in ${path} in ${colorScheme} but the order of Redoc's own headings`, async (t) => {
        for (const width of [390, 1280]) {
          const page = await open(t, path, { colorScheme, viewport: { width, height: 800 } });
          await page.getByRole("heading", { name: /^Carillon/ }).waitFor();
          assert.deepEqual(await axe(page), []);
          if (width === 1280) {
            await page.getByRole("navigation", { name: "Contents" }).getByText(item, { exact: true }).click();
            await page.getByRole("heading", { name: item }).first().waitFor();
            assert.deepEqual((await axe(page)).filter((violation) => !violation.startsWith("heading-order:")), []);
          }
        }
      });
    }
  }

  test("finds an operation in the reference", async (t) => {
    const page = await open(t, "/reference");
    await page.getByText("Kudos", { exact: true }).first().click();
    await page.getByRole("heading", { name: "Kudos" }).first().waitFor();
    await page.getByText("/kudos").first().waitFor();
  });
});
