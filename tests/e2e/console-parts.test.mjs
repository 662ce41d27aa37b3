// The console's form for events, a request's story, addresses to share, and what it exports as a test, in a real browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { call, expecting } from "./support/api.mjs";
import { axe } from "./support/axe.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { mailed, newLease, writes } from "./support/lease-chat.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { isGateway, stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

const PANELS = ["events", "delivery", "channels", "send", "act", "inbox", "pictures"];
const here = dirname(fileURLToPath(import.meta.url));

/** Reason to skip a test of channels that the functions serve themselves, or false. */
const noGateway = !isGateway && "a Pusher server serves channels here";

const switched = (path) => fetch(`${stack.url}/console/${path}`, { method: "POST", headers: { origin: stack.url } });

async function giveKudos(giver, receiver) {
  const json = { receiverId: receiver.userId, sessionId: newId("session"), bookTitle: "The Dispossessed" };
  const { status, headers } = await call("POST", "/kudos", { as: giver, json });
  assert.equal(status, 201);
  return { sessionId: json.sessionId, requestId: headers.get("x-request-id") };
}

describe("The console", { skip: unavailable }, () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  /** The page at this part of its address. It must not throw, break its policy or load anything from elsewhere. */
  async function open(t, hash, options = {}) {
    const context = await newContext(t, browser, { viewport: { width: 1280, height: 800 }, ...options });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: stack.url });
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(String(fault)));
    page.on("console", (said) => /Content Security Policy/.test(said.text()) && faults.push(said.text()));
    page.on("request", (request) => /^http/.test(request.url()) && !request.url().startsWith(stack.url) && faults.push(request.url()));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw, or loaded something from elsewhere"));
    await page.goto(`${stack.url}/console${hash}`);
    await page.getByText("Live", { exact: true }).waitFor();
    return page;
  }

  const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
  const eventsOn = (page) => page.getByRole("listbox", { name: "Events" }).getByRole("option");
  const detail = (page) => page.getByRole("complementary", { name: "Event" });
  const steps = (page) => detail(page).getByRole("list", { name: "Steps" }).getByRole("listitem");

  describe("Send", () => {
    const form = (page) => page.getByRole("form", { name: "Send an event" });
    const json = (page) => form(page).getByLabel("As JSON");

    test("makes a form of what asyncapi.yaml says about an event, and sends it", async (t) => {
      const ben = person("Ben");
      const listener = await listen(t, ben);
      await listener.subscribe(ben.ownChannel);
      const page = await open(t, "#send");
      await form(page).getByLabel("Channel", { exact: true }).fill(ben.ownChannel);
      await form(page).getByRole("combobox", { name: "Event", exact: true }).selectOption("kudos:received");
      await form(page).getByLabel("bookTitle").fill("The Telling");
      await form(page).getByLabel("displayName").fill("Ada");
      assert.equal(JSON.parse(await json(page).inputValue()).bookTitle, "The Telling");
      await form(page).getByRole("button", { name: "Send", exact: true }).click();
      await form(page).getByText("200 OK").waitFor();
      const heard = await listener.next("kudos:received");
      assert.deepEqual([heard.bookTitle, heard.fromUser.displayName], ["The Telling", "Ada"]);
      await form(page).getByRole("button", { name: "Copy curl" }).click();
      await until("the copied command", async () => /^curl -X POST 'http.*mock-event'.*The Telling/.test(await copied(page)));
    });

    test("has each event of each channel, with an example that fits its schema", async (t) => {
      const page = await open(t, "#send");
      const event = form(page).getByRole("combobox", { name: "Event", exact: true });
      await until("the events", async () => (await event.locator("option").count()) > 1);
      const channels = await page.locator("#send-channels option").evaluateAll((all) => all.filter(({ textContent }) => textContent !== "has subscribers").map(({ value }) => value));
      let seen = 0;
      for (const channel of new Set(channels)) {
        await form(page).getByLabel("Channel", { exact: true }).fill(channel);
        for (const name of await event.locator("option").evaluateAll((all) => all.map(({ value }) => value).filter(Boolean))) {
          await event.selectOption(name);
          assert.equal(await page.locator("#send-faults").textContent(), "", `${name} on ${channel}`);
          seen += 1;
        }
      }
      const documented = await page.evaluate(async () => {
        const { channels, components } = await (await fetch("/console/asyncapi.json")).json();
        const of = ({ $ref }) => components.messages[$ref.split("/").at(-1)];
        const sent = Object.values(channels).filter(({ address, servers }) => address && !servers).flatMap(({ messages }) => Object.values(messages).map(of));
        return sent.filter((message) => message["x-sent-by"] === "carillon").length;
      });
      assert.equal(seen, documented);
    });

    test("says where data is not as documented, and sends it all the same", async (t) => {
      const ben = person("Ben");
      const listener = await listen(t, ben, { foreign: ["kudos:received"] });
      await listener.subscribe(ben.ownChannel);
      const page = await open(t, `#send?${new URLSearchParams({ channel: ben.ownChannel, event: "kudos:received" })}`);
      await json(page).fill('{"sessionId": 7, "bookTitle": "x", "more": 1}');
      const faults = form(page).getByRole("alert");
      for (const fault of ["fromUser is missing", "more is unknown", "sessionId is integer, not string"]) {
        await faults.getByText(fault).waitFor();
      }
      await json(page).fill('{"sessionId":');
      await faults.getByText("The data is no JSON").waitFor();
      assert.ok(await form(page).getByRole("button", { name: "Send", exact: true }).isDisabled());
      await json(page).fill('{"sessionId": "s", "bookTitle": "x"}');
      await form(page).getByRole("button", { name: "Send", exact: true }).click();
      await form(page).getByText("200 OK").waitFor();
      assert.deepEqual(await listener.next("kudos:received"), { sessionId: "s", bookTitle: "x" });
    });

    test("sends events of one's own to channels of one's own", async (t) => {
      const channel = newId("news");
      const listener = await listen(t, person("Ada"), { foreign: ["printed"] });
      await listener.subscribe(channel);
      const page = await open(t, "#send");
      await form(page).getByLabel("Channel", { exact: true }).fill(channel);
      await form(page).getByText("your app's own").waitFor();
      await form(page).getByLabel("Name of the event").fill("printed");
      await json(page).fill('["a", 1]');
      await form(page).getByRole("button", { name: "Send", exact: true }).click();
      assert.deepEqual(await listener.next("printed"), ["a", 1]);
    });

    test("shows the event that the address names, also of a page that is open", async (t) => {
      const page = await open(t, "#send");
      await until("the form", () => form(page).getByLabel("bookTitle").isVisible());
      await page.evaluate(() => (location.hash = "#send?channel=private-party-p-1&event=party-updated"));
      await until("the party", async () => (await form(page).getByLabel("Channel", { exact: true }).inputValue()) === "private-party-p-1");
      assert.equal(await form(page).getByRole("combobox", { name: "Event", exact: true }).inputValue(), "party-updated");
    });

    test("fills in an event that was seen, to be changed", async (t) => {
      const [ada, ben] = [person("Ada"), person("Ben")];
      const { sessionId } = await giveKudos(ada, ben);
      const page = await open(t, `#events?filter=${sessionId}&kind=pusher`);
      await eventsOn(page).filter({ hasText: "kudos:received" }).click();
      await detail(page).getByRole("button", { name: "Change and send" }).click();
      await until("the session", async () => (await form(page).getByLabel("sessionId").inputValue()) === sessionId);
      assert.equal(await form(page).getByLabel("Channel", { exact: true }).inputValue(), ben.ownChannel);
    });
  });

  test("fills in the body of an operation field by field", async (t) => {
    const page = await open(t, "#act");
    const form = page.getByRole("form", { name: "createKudos" });
    await form.getByText("Field by field").click();
    await form.getByLabel("bookTitle").fill("The Telling");
    assert.equal(JSON.parse(await form.getByRole("textbox", { name: "Body" }).inputValue()).bookTitle, "The Telling");
  });

  test("keeps each example of each operation as it is when it is filled in field by field", async (t) => {
    const page = await open(t, "#act");
    await until("the operations", () => page.evaluate(() => !document.getElementById("act").inert));
    const changed = await page.evaluate(() => {
      const found = [];
      let seen = 0;
      for (let index = 0; index < document.querySelectorAll("#operation-list button").length; index += 1) {
        document.querySelectorAll("#operation-list button")[index].click();
        const form = document.querySelector("#operation form");
        const details = [...form.querySelectorAll("details")].find(({ textContent }) => textContent.startsWith("Field by field"));
        for (const option of details ? (form.querySelector("[aria-label=Example]")?.options ?? [null]) : []) {
          if (option) {
            form.querySelector("[aria-label=Example]").value = option.value;
            form.querySelector("[aria-label=Example]").dispatchEvent(new Event("change"));
          }
          const area = form.querySelector("[name=body]");
          const before = JSON.stringify(sorted(JSON.parse(area.value)));
          details.open = true;
          details.dispatchEvent(new Event("toggle"));
          details.querySelector(".fields > *").dispatchEvent(new Event("input"));
          const after = JSON.stringify(sorted(JSON.parse(area.value)));
          seen += 1;
          if (before !== after) {
            found.push(`${form.getAttribute("aria-label")}: ${before} became ${after}`);
          }
          details.open = false;
        }
      }
      return { found, seen };

      function sorted(value) {
        if (Array.isArray(value)) {
          return value.map(sorted);
        }
        return value && typeof value === "object" ? Object.fromEntries(Object.entries(value).toSorted().map(([key, part]) => [key, sorted(part)])) : value;
      }
    });
    assert.deepEqual(changed.found, []);
    assert.ok(changed.seen > 30, `${changed.seen} examples`);
  });

  describe("A request's story", () => {
    test("goes from the request over the write and the attempt to the arrival", async (t) => {
      const [ada, ben] = [person("Ada"), person("Ben")];
      const { sessionId, requestId } = await giveKudos(ada, ben);
      const page = await open(t, `#events?filter=${sessionId}&kind=pusher`);
      await eventsOn(page).filter({ hasText: "kudos:received" }).click();
      await detail(page).getByRole("button", { name: "Story of its request" }).click();
      await detail(page).getByText(requestId, { exact: true }).waitFor();
      await detail(page).getByText("All that it owed is delivered or ended.").waitFor();
      await steps(page).filter({ hasText: "attempt" }).filter({ hasText: "pusher delivered" }).waitFor();
      const kinds = await steps(page).locator(".badge").allTextContents();
      const places = ["request", "write", "answer"].map((kind) => kinds.indexOf(kind));
      assert.ok(places[0] === 0 && places[0] < places[1] && places[1] < places[2], kinds.join(", "));
      for (const kind of ["attempt", "arrival", "done"]) {
        assert.ok(kinds.includes(kind), `${kind} in ${kinds.join(", ")}`);
      }
      await page.reload();
      await detail(page).getByText(requestId, { exact: true }).waitFor();
    });

    test("has the refusals and the wait for a retry, and goes on by itself", { skip: noGateway }, async (t) => {
      cleanUp(t, () => switched("posts/take"));
      const [ada, ben] = [person("Ada"), person("Ben")];
      const listener = await listen(t, ben);
      await listener.subscribe(ben.ownChannel);
      await switched("posts/refuse");
      const { requestId } = await giveKudos(ada, ben);
      const page = await open(t, `#events?request=${requestId}`);
      await steps(page).filter({ hasText: "pusher postponed" }).first().waitFor();
      await steps(page).filter({ hasText: "waits in the retry queue" }).first().waitFor();
      await detail(page).getByText(/of its deliveries (is|are) still owed/).waitFor();
      await switched("posts/take");
      await detail(page).getByText("All that it owed is delivered or ended.").waitFor();
      await steps(page).filter({ hasText: "arrival" }).filter({ hasText: "kudos:received" }).first().waitFor();
      await listener.next("kudos:received");
    });

    test("is one click from the answer of an operation", async (t) => {
      const page = await open(t, "#act");
      const form = page.getByRole("form", { name: "createKudos" });
      await form.getByRole("textbox", { name: "Body" }).fill(JSON.stringify({ receiverId: newId("ben"), sessionId: newId("s"), bookTitle: "x" }));
      await form.getByRole("button", { name: "Send" }).click();
      await page.getByRole("link", { name: "What happened" }).click();
      await steps(page).filter({ hasText: "POST /kudos" }).waitFor();
    });

    test("of an unknown request says so", async (t) => {
      const page = await open(t, `#events?request=${newId("r")}`);
      await detail(page).getByText("No function wrote about it").waitFor();
      const other = await open(t, "#events?request=%3Cb%3E");
      await detail(other).getByRole("alert").getByText("not the id of a request").waitFor();
    });
  });

  test("has a filter in its address, which opens the same elsewhere", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const { sessionId } = await giveKudos(ada, ben);
    const page = await open(t, "");
    await page.getByPlaceholder("Filter by channel, event, data or request").fill(`kudos ${sessionId}`);
    await page.getByLabel("Kind").selectOption("pusher");
    await page.getByRole("button", { name: "Copy link" }).click();
    await until("the copied link", async () => (await copied(page)).includes(sessionId));
    assert.equal(await copied(page), page.url());
    const other = await open(t, new URL(await copied(page)).hash);
    await until("one event", async () => (await eventsOn(other).count()) === 1);
    assert.equal(await other.getByLabel("Kind").inputValue(), "pusher");

    await other.getByRole("tab", { name: "Delivery" }).click();
    await other.getByRole("tab", { name: "Events" }).click();
    assert.equal(other.url(), page.url(), "the panel keeps its filter");

    const channels = await open(t, `#channels?filter=${sessionId}`);
    assert.equal(await channels.getByPlaceholder("Filter by channel, user or connection").inputValue(), sessionId);
  });

  test("leads from a channel to its events, and to the form that sends it one", { skip: noGateway }, async (t) => {
    const ada = person("Ada");
    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    await giveKudos(person("Ben"), ada);
    const page = await open(t, `#channels?filter=${ada.ownChannel}`);
    const card = page.getByRole("list", { name: "Channels", exact: true }).getByRole("listitem").filter({ hasText: ada.ownChannel });
    await card.getByRole("link", { name: "Its events" }).click();
    await eventsOn(page).filter({ hasText: "kudos:received" }).first().waitFor();
    await page.getByRole("tab", { name: "Channels" }).click();
    await card.getByRole("link", { name: "Send it an event" }).click();
    await until("the channel", async () => (await page.locator("#send-channel").inputValue()) === ada.ownChannel);
    await page.getByRole("button", { name: "Send", exact: true }).and(page.locator("#send-now")).click();
    await listener.next("kudos:received");
  });

  describe("Export as a test", () => {
    /** The status of `node --test` with this file, beside the packages of these tests. */
    async function run(t, text) {
      const directory = await mkdtemp(join(here, ".seen-"));
      cleanUp(t, () => rm(directory, { recursive: true }));
      const file = join(directory, "seen.test.mjs");
      await writeFile(file, text);
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      return new Promise((resolve, reject) => {
        let output = "";
        const child = spawn(process.execPath, ["--test", file], { env });
        child.stdout.on("data", (part) => (output += part));
        child.stderr.on("data", (part) => (output += part));
        child.on("error", reject);
        child.on("close", (status) => resolve({ status, output }));
      });
    }

    test("gives a test that passes, and that fails if a client hears something else", { skip: noGateway }, async (t) => {
      const [ada, ben] = [person("Ada"), person("Ben")];
      const page = await open(t, `#events?filter=kudos ${ben.userId}`);
      const first = await giveKudos(ada, ben);
      await eventsOn(page).filter({ hasText: "kudos:received" }).waitFor();
      const second = await giveKudos(ada, ben);
      await until("both kudos", async () => (await eventsOn(page).filter({ hasText: "kudos:received" }).count()) === 2);
      await page.getByRole("button", { name: "Copy as test" }).first().click();
      await until("the copied test", async () => (await copied(page)).includes(second.sessionId));
      const text = await copied(page);
      assert.ok(text.indexOf(first.sessionId) < text.indexOf(second.sessionId), "the oldest first");
      const { status, output } = await run(t, text);
      assert.equal(status, 0, output);
      assert.match(output, /a client hears kudos:received/);

      const other = text.replace("await until(heard.get(channel), { event, data });", 'await until(heard.get(channel), { event, data: { ...data, bookTitle: "another" } });').replace("10_000", "500");
      assert.notEqual(other, text);
      assert.equal((await run(t, other)).status, 1);
    });

    test("of one event has that event alone, and hears channels of the app's own", { skip: noGateway }, async (t) => {
      const channel = newId("news");
      const listener = await listen(t, person("Ada"), { foreign: ["printed"] });
      await listener.subscribe(channel);
      const page = await open(t, `#events?filter=${channel}`);
      for (const n of [1, 2]) {
        await expecting(200, "POST", "/pusher/mock-event", { json: { channel, event: "printed", data: { n, text: "`${x}` </script>" } } });
      }
      await eventsOn(page).filter({ hasText: '"n":2' }).click();
      await detail(page).getByRole("button", { name: "Copy as test" }).click();
      await until("the copied test", async () => (await copied(page)).includes(channel));
      assert.equal((await copied(page)).split('"n":').length, 2);
      const { status, output } = await run(t, await copied(page));
      assert.equal(status, 0, output);
    });

    test("says that it needs an event of a channel", async (t) => {
      const page = await open(t, `#events?filter=${newId("nothing")}`);
      await page.getByRole("button", { name: "Copy as test" }).click();
      await page.getByText("No event of a channel is shown").waitFor();
    });
  });

  test("can be walked through with the keyboard alone", async (t) => {
    const page = await open(t, "");
    for (const [index, panel] of PANELS.entries()) {
      await page.keyboard.press(String(index + 1));
      await page.locator(`#${panel}:not([hidden])`).waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-controls")), panel);
    }
    await page.keyboard.press("4");
    await until("the form", async () => (await page.locator("#send-event option").count()) > 1);
    const channel = newId("typed");
    const focusedId = () => page.evaluate(() => document.activeElement.id);
    for (let presses = 0; (await focusedId()) !== "send-channel"; presses += 1) {
      assert.ok(presses < 5, "the channel is not reached by Tab");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Control+A");
    await page.keyboard.type(channel);
    for (let presses = 0; (await focusedId()) !== "send-name"; presses += 1) {
      assert.ok(presses < 4, "the event's name is not reached by Tab");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.type("typed");
    await page.keyboard.press("Enter");
    await page.getByRole("status", { name: "Answer" }).getByText("200 OK").waitFor();
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 600, 1280]) {
      test(`axe finds nothing at ${width} px in ${colorScheme}, and no panel is wider than the page`, async (t) => {
        const [ada, ben] = [person("Ada"), person("Ben")];
        const listener = await listen(t, ben);
        await listener.subscribe(ben.ownChannel);
        const { requestId } = await giveKudos(ada, ben);
        const lease = await newLease();
        await writes(lease.notary, lease, "The keys are at my office.");
        await mailed(lease.client, 1);
        const page = await open(t, `#events?request=${requestId}`, { colorScheme, viewport: { width, height: 800 } });
        await steps(page).first().waitFor();
        await eventsOn(page).first().waitFor();
        await page.locator("#send-event option").nth(1).waitFor({ state: "attached" });
        await until("the operations", () => page.evaluate(() => !document.getElementById("act").inert));
        for (const panel of PANELS) {
          await page.getByRole("tab", { name: panel === "act" ? "Act as" : panel }).click();
          if (panel === "channels" && isGateway) {
            await page.getByRole("link", { name: "Its events" }).first().waitFor();
          }
          if (panel === "inbox") {
            await page.getByRole("option").filter({ hasText: "New message" }).first().click();
          }
          assert.deepEqual(await axe(page), [], panel);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${panel} at ${width}`);
        }
      });
    }
  }
});
