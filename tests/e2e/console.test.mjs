// The console of the local stack, in a real browser, as somebody uses it who wants to see what happens.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { action } from "./support/aws.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { listen } from "./support/listener.mjs";
import { mailed, newLease, writes } from "./support/lease-chat.mjs";
import { newId, person } from "./support/people.mjs";
import { noPusherServer, restorePusher } from "./support/processes.mjs";
import { connectIo } from "./support/sockets.mjs";
import { isGateway, stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

async function giveKudos(giver, receiver) {
  const json = { receiverId: receiver.userId, sessionId: newId("session"), bookTitle: "The Dispossessed" };
  await expecting(201, "POST", "/kudos", { as: giver, json });
  return json.sessionId;
}

/** Reason to skip a test of channels that the functions serve themselves, or false. */
const noGateway = !isGateway && "a Pusher server serves channels here";

/** The request of one of the page's switches. */
const switched = (path) => fetch(`${stack.url}/console/${path}`, { method: "POST", headers: { origin: stack.url } });

describe("The console", { skip: unavailable }, () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  /** The page with this panel, which must not throw or break its own policy. */
  async function open(t, panel, options = {}) {
    const context = await newContext(t, browser, { viewport: { width: 1280, height: 800 }, ...options });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: stack.url });
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(String(fault)));
    page.on("console", (said) => /Content Security Policy/.test(said.text()) && faults.push(said.text()));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw"));
    await page.goto(`${stack.url}/console${panel === "events" ? "" : `#${panel}`}`);
    await page.getByText("Live", { exact: true }).waitFor();
    return page;
  }

  const eventsOn = (page) => page.getByRole("listbox", { name: "Events" }).getByRole("option");
  const filter = (page, words) => page.getByPlaceholder("Filter by channel, event, data or request").fill(words);
  const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

  test("shows an event with the milliseconds from its write to its arrival", async (t) => {
    const page = await open(t, "events");
    const [ada, ben] = [person("Ada"), person("Ben")];
    await giveKudos(ada, ben);
    const line = eventsOn(page).filter({ hasText: ben.ownChannel });
    await line.waitFor();
    assert.match(await line.textContent(), /^\d\d:\d\d:\d\d\.\d{3}kudos:received.*[\d.]+ m?s$/s);

    await line.click();
    const detail = page.getByRole("complementary", { name: "Event" });
    await detail.getByRole("heading", { name: "kudos:received" }).waitFor();
    assert.match(await detail.getByLabel("Data").textContent(), /"bookTitle": "The Dispossessed"/);
    await detail.getByRole("button", { name: "Copy curl that sends it again" }).click();
    await until("the copied command", async () => /^curl -X POST 'http.*\/pusher\/mock-event' .*kudos:received/.test(await copied(page)));
  });

  test("shows an event of before the page was open", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    await giveKudos(ada, ben);
    const page = await open(t, "events");
    await eventsOn(page).filter({ hasText: ben.ownChannel }).waitFor();
  });

  test("shows the messages of WebSockets in both directions, and client events on a channel", async (t) => {
    const page = await open(t, "events");
    const ada = person("Ada");
    const { socket, next } = connectIo(t, "dashboard", ada);
    await next("connected");
    socket.emit("subscribe", { channels: ["referrals"] });
    const ofAda = eventsOn(page).filter({ hasText: `/dashboard ${ada.userId}` });
    for (const event of ["connected", "subscribe", "subscribed"]) {
      await ofAda.filter({ has: page.getByText(event, { exact: true }) }).first().waitFor();
    }

    const listener = await listen(t, ada);
    await listener.subscribe(ada.ownChannel);
    listener.trigger(ada.ownChannel, "client-waves", { at: "everybody" });
    await eventsOn(page).filter({ hasText: "client-waves" }).filter({ hasText: ada.ownChannel }).waitFor();
  });

  test("shows the events that match a filter, and holds others back while it is paused", async (t) => {
    const page = await open(t, "events");
    const [ada, ben] = [person("Ada"), person("Ben")];
    // The fact of the kudos is another line: it shows until the filter has come into force.
    const ofSession = (sessionId) => eventsOn(page).filter({ hasText: "kudos:received" }).filter({ hasText: sessionId });
    const linesAre = (count) => until(`${count} lines`, async () => (await eventsOn(page).count()) === count);
    const first = await giveKudos(ada, ben);
    await filter(page, `kudos:received ${ben.userId}`);
    await ofSession(first).waitFor();
    await linesAre(1);

    await page.getByRole("button", { name: "Pause" }).click();
    const second = await giveKudos(ada, ben);
    await page.getByText(/paused, [1-9]\d* waiting/).waitFor();
    assert.equal(await ofSession(second).count(), 0);

    await page.getByRole("button", { name: "Resume" }).click();
    await ofSession(second).waitFor();
    await linesAre(2);
    await filter(page, newId("nobody"));
    await page.getByText("No event matches the filter.").waitFor();
  });

  test("shows data as text, whatever it holds", async (t) => {
    const page = await open(t, "events");
    const channel = newId("public");
    const data = { text: "<img src=x onerror='throw new Error(1)'>" };
    // Without a Pusher server, an event that no row owes is seen where somebody hears it.
    const listener = await listen(t, person("Ada"), { foreign: ["<b>bold</b>"] });
    await listener.subscribe(channel);
    await expecting(200, "POST", "/pusher/mock-event", { json: { channel, event: "<b>bold</b>", data } });
    const line = eventsOn(page).filter({ hasText: channel });
    await line.click();
    await page.getByRole("heading", { name: "<b>bold</b>" }).waitFor();
    assert.equal(await page.locator("#events img, #events b").count(), 0);
  });

  test("lets one stop the Pusher server, see what is owed, start it, and see that nothing is lost", { skip: noPusherServer }, async (t) => {
    cleanUp(t, restorePusher);
    const page = await open(t, "delivery");
    const server = page.getByRole("group", { name: "Pusher server" });
    await server.getByText("running", { exact: true }).waitFor();
    await server.getByRole("button", { name: "Stop" }).click();
    await server.getByText("stopped", { exact: true }).waitFor();

    const [ada, ben] = [person("Ada"), person("Ben")];
    await giveKudos(ada, ben);
    const owed = page.getByRole("list", { name: "Owed" }).getByRole("listitem").filter({ hasText: ben.ownChannel });
    await owed.waitFor();
    await owed.filter({ hasText: "waits in the retry queue" }).waitFor();
    await page.getByRole("list", { name: "Waiting" }).getByText("KUDOS#").first().waitFor();
    await owed.getByText("because: ").waitFor();

    await server.getByRole("button", { name: "Start" }).click();
    await server.getByText("running", { exact: true }).waitFor();
    await owed.waitFor({ state: "detached" });
    await page.getByRole("tab", { name: "Events" }).click();
    await eventsOn(page).filter({ hasText: ben.ownChannel }).waitFor();
  });

  test("lets one refuse posts to clients, see what is owed, take them again, and see that nothing is lost", { skip: noGateway }, async (t) => {
    cleanUp(t, () => switched("posts/take"));
    const [ada, ben] = [person("Ada"), person("Ben")];
    const listener = await listen(t, ben);
    await listener.subscribe(ben.ownChannel);
    const page = await open(t, "delivery");
    assert.equal(await page.getByRole("group", { name: "Pusher server" }).count(), 0);
    const posts = page.getByRole("group", { name: "Posts to clients" });
    await posts.getByText("posts are taken", { exact: true }).waitFor();
    await posts.getByRole("button", { name: "Refuse posts" }).click();
    await posts.getByText("posts are refused with 429", { exact: true }).waitFor();

    const sessionId = await giveKudos(ada, ben);
    const owed = page.getByRole("list", { name: "Owed" }).getByRole("listitem").filter({ hasText: ben.ownChannel });
    await owed.filter({ hasText: "waits in the retry queue" }).waitFor();
    await owed.getByText("because: ").waitFor();
    listener.mustBeWithout("kudos:received");

    await posts.getByRole("button", { name: "Take posts" }).click();
    await posts.getByText("posts are taken", { exact: true }).waitFor();
    await owed.waitFor({ state: "detached" });
    assert.equal((await listener.next("kudos:received")).sessionId, sessionId);
  });

  test("lets one kill the socket functions, and clients go on", { skip: noGateway }, async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    const listener = await listen(t, ben);
    await listener.subscribe(ben.ownChannel);
    await giveKudos(ada, ben);
    const page = await open(t, "delivery");
    const one = page.getByRole("button", { name: /^Kill SocketMessage/ });
    await one.waitFor();
    await page.getByRole("button", { name: "Kill the socket functions" }).click();
    await one.waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^Kill KudosCreate/ }).waitFor();
    listener.unsubscribe(ben.ownChannel);
    await listener.subscribe(ben.ownChannel);
    await one.waitFor();
  });

  test("refuses to stop a Pusher server that there is not", { skip: noGateway }, async () => {
    const refused = await switched("pusher/kill");
    assert.equal(refused.status, 404);
    assert.match((await refused.json()).message, /no Pusher server/);
  });

  test("shows who is connected to which channels, live and page by page", { skip: noGateway }, async (t) => {
    const page = await open(t, "channels");
    const room = `presence-room-${newId("book")}`;
    const [ada, ben] = [person("Ada"), person("Ben")];
    await page.getByPlaceholder("Filter by channel, user or connection").fill(room);
    const [channels, connections] = ["Channels", "Connections"].map((name) => page.getByRole("list", { name, exact: true }).getByRole("listitem"));
    await page.getByText("No channel has a subscriber.").waitFor();

    const [hers, his] = [await listen(t, ada), await listen(t, ben)];
    await hers.subscribe(room);
    await his.subscribe(room);
    await channels.filter({ hasText: room }).getByText("2 connections, 2 members").waitFor();
    await channels.filter({ hasText: ada.userId }).filter({ hasText: ben.userId }).waitFor();
    await connections.filter({ hasText: ada.userId }).filter({ hasText: room }).waitFor();
    his.close();
    await channels.getByText("1 connection, 1 member", { exact: true }).waitFor();
    assert.equal(await connections.filter({ hasText: ben.userId }).count(), 0);

    const news = newId("news");
    const names = Array.from({ length: 60 }, (_, n) => `${news}-${String(n).padStart(2, "0")}`);
    await Promise.all(names.map((name) => hers.subscribe(name)));
    await page.getByPlaceholder("Filter by channel, user or connection").fill(news);
    const pages = page.getByRole("group", { name: "Pages of channels" });
    await pages.getByText("1 to 25 of 60", { exact: true }).waitFor();
    await connections.getByText("and 41 more").waitFor();
    await pages.getByRole("button", { name: "Next" }).click();
    await pages.getByText("26 to 50 of 60", { exact: true }).waitFor();
    await pages.getByRole("button", { name: "Next" }).click();
    await pages.getByText("51 to 60 of 60", { exact: true }).waitFor();
    await channels.filter({ hasText: names[59] }).waitFor();
    assert.equal(await channels.filter({ hasText: names[0] }).count(), 0);
    assert.ok(await pages.getByRole("button", { name: "Next" }).isDisabled());
  });

  test("turns a page of channels while an answer is on its way", { skip: noGateway }, async (t) => {
    const page = await open(t, "channels");
    let release;
    let isHeld = false;
    const shown = (first) => Array.from({ length: 25 }, (_, n) => ({ name: `news-${first + n}`, connections: 1, members: [], more: 0 }));
    await page.route("**/console/channels?*", async (route) => {
      const number = Number(new URL(route.request().url()).searchParams.get("channels"));
      if (isHeld) {
        await new Promise((resolve) => (release = resolve));
      }
      const channels = { total: 75, page: number, pages: 3, first: number * 25, shown: shown(number * 25) };
      await route.fulfill({ json: { channels, connections: { total: 0, page: 0, pages: 1, first: 0, shown: [] } } });
    });
    const pages = page.getByRole("group", { name: "Pages of channels" });
    await pages.getByText("1 to 25 of 75", { exact: true }).waitFor();
    isHeld = true;
    await until("a look at the channels", () => release);
    isHeld = false;
    await pages.getByRole("button", { name: "Next" }).click();
    release();
    await pages.getByText("26 to 50 of 75", { exact: true }).waitFor();
  });

  test("says that a Pusher server has the channels, where there is one", { skip: isGateway && "the functions have them here" }, async (t) => {
    const page = await open(t, "channels");
    await page.getByText("This stack's channels are those of a Pusher server, which knows who is connected").waitFor();
  });

  test("lets one freeze and thaw the Pusher server, and kill a function", { skip: noPusherServer }, async (t) => {
    cleanUp(t, restorePusher);
    await giveKudos(person("Ada"), person("Ben"));
    const page = await open(t, "delivery");
    const server = page.getByRole("group", { name: "Pusher server" });
    await server.getByRole("button", { name: "Freeze" }).click();
    await server.getByText("frozen").waitFor();
    await server.getByRole("button", { name: "Thaw" }).click();
    await server.getByText("running", { exact: true }).waitFor();

    await page.getByRole("button", { name: /^Kill KudosCreate/ }).click();
    await page.getByRole("button", { name: /^Kill KudosCreate/ }).waitFor({ state: "detached" });
    await giveKudos(person("Ada"), person("Ben"));
    await page.getByRole("button", { name: /^Kill KudosCreate/ }).waitFor();
  });

  test("shows a dead letter with its reason, and replays it", async (t) => {
    const ben = person("Ben");
    // Without a Pusher server, an event that no row owes is seen where somebody hears it.
    const listener = await listen(t, ben, { foreign: ["given:up"] });
    await listener.subscribe(ben.ownChannel);
    const entry = { id: newId("entry"), at: Date.now(), kind: "pusher", channel: ben.ownChannel, name: "given:up", data: "{}" };
    const letter = { pk: newId("ROOM#"), sk: "ROOM", given_up: entry, reason: "Pusher refused the request with 413" };
    await action("sqs", "AmazonSQS.SendMessage", { QueueUrl: stack.deadLetterQueueUrl, MessageBody: JSON.stringify(letter) });

    const page = await open(t, "delivery");
    const shown = page.getByRole("list", { name: "Dead letters" }).getByRole("listitem").filter({ hasText: ben.ownChannel });
    await shown.getByText("Pusher refused the request with 413").first().waitFor();
    await shown.getByRole("button", { name: "Replay" }).click();
    await shown.waitFor({ state: "detached" });
    await page.getByRole("tab", { name: "Events" }).click();
    await eventsOn(page).filter({ hasText: "given:up" }).filter({ hasText: ben.ownChannel }).waitFor();
  });

  test("acts as anybody: calls an operation, hears a channel, talks over a WebSocket", async (t) => {
    const page = await open(t, "act");
    const [ada, ben] = [newId("ada"), newId("ben")];
    const become = async (userId) => {
      await page.getByLabel("User id").fill(userId);
      await page.getByRole("button", { name: "Use", exact: true }).click();
      await until(`the address of ${userId}'s channel`, async () => (await page.getByPlaceholder("private-user-ben").inputValue()) === `private-user-${userId}`);
    };
    await become(ben);
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    const heard = page.getByRole("list", { name: "Heard on channels" });
    await heard.getByText("pusher:subscription_succeeded").waitFor();

    const form = page.getByRole("form", { name: "createKudos" });
    const refused = { receiverId: ben, sessionId: "s-1", bookTitle: "The Dispossessed" };
    await form.getByRole("textbox", { name: "Body" }).fill(JSON.stringify(refused));
    await form.getByRole("button", { name: "Send" }).click();
    await page.getByText("422 Unprocessable Entity").waitFor();

    const other = await open(t, "act");
    await other.getByLabel("User id").fill(ada);
    await other.getByRole("button", { name: "Use", exact: true }).click();
    await until("Ada's token", async () => (await other.getByPlaceholder("private-user-ben").inputValue()) === `private-user-${ada}`);
    const sending = other.getByRole("form", { name: "createKudos" });
    await sending.getByRole("textbox", { name: "Body" }).fill(JSON.stringify(refused));
    await sending.getByRole("button", { name: "Copy as curl" }).click();
    await until("the copied command", async () => /-H 'authorization: Bearer ey.*--data-raw '\{"receiverId"/.test(await copied(other)));
    await sending.getByRole("button", { name: "Send" }).click();
    await other.getByText("201 Created").waitFor();
    assert.match(await other.getByLabel("Body of the answer").textContent(), /"kudosId"/);
    await heard.getByText("kudos:received").waitFor();
    await page.getByRole("tab", { name: "Events" }).click();
    await eventsOn(page).filter({ hasText: `private-user-${ben}` }).filter({ hasText: "kudos:received" }).click();
    await page.getByText("From write to this page").waitFor();
    await page.getByRole("tab", { name: "Act as" }).click();

    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("open", { exact: true }).waitFor();
    await page.getByPlaceholder('{"event":"ping"}').fill('{"event":"ping"}');
    await page.locator("#say").getByRole("button", { name: "Send" }).click();
    await page.getByRole("list", { name: "Messages of the WebSocket" }).getByText(/"pong"/).waitFor();
  });

  test("goes on listening as somebody while it sends as another", async (t) => {
    const page = await open(t, "act");
    const [ada, ben] = [newId("ada"), newId("ben")];
    const become = async (userId) => {
      await page.getByLabel("User id").fill(userId);
      await page.getByRole("button", { name: "Use", exact: true }).click();
      await page.locator("#listen-as").getByText(`as ${userId}`).waitFor();
    };
    await become(ben);
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await page.getByRole("list", { name: "Heard on channels" }).getByText("pusher:subscription_succeeded").waitFor();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("open", { exact: true }).waitFor();

    await become(ada);
    const form = page.getByRole("form", { name: "createKudos" });
    await form.getByRole("textbox", { name: "Body" }).fill(JSON.stringify({ receiverId: ben, sessionId: "s-1", bookTitle: "The Dispossessed" }));
    await form.getByRole("button", { name: "Send" }).click();
    await page.getByText("201 Created").waitFor();
    await page.getByRole("list", { name: "Heard on channels" }).getByText("kudos:received").waitFor();
    await page.getByRole("button", { name: `Unsubscribe from private-user-${ben} as ${ben}` }).waitFor();
    await page.getByText("open", { exact: true }).waitFor();
    assert.equal(await page.locator("#socket-as").textContent(), `as ${ben}`);
  });

  test("shows no value where a text belongs", async (t) => {
    const page = await open(t, "act");
    const operations = page.getByRole("navigation", { name: "Operations" });
    await operations.getByPlaceholder("Find an operation").fill("kudos");
    const words = /(^|\n)(false|true|undefined|null)($|\n)/;
    assert.doesNotMatch(await operations.innerText(), words);
    for (const operation of await operations.getByRole("button").all()) {
      await operation.click();
      assert.doesNotMatch(await page.locator("#operation").innerText(), words);
    }
  });

  test("can be used on a phone", async (t) => {
    const lease = await newLease();
    await writes(lease.notary, lease, "The keys are at my office.");
    await mailed(lease.client, 1);
    for (const width of [390, 600]) {
      const viewport = { width, height: 780 };
      const inbox = await open(t, "inbox", { viewport });
      const list = inbox.getByRole("listbox", { name: "Pushes and e-mails" });
      const mail = inbox.getByRole("option").filter({ hasText: "New message from Maître Durand" }).first();
      await mail.waitFor();
      await mail.click();
      const size = await list.boundingBox();
      assert.ok(size.height > 200 && size.width > width - 20, `the list is ${size.width} by ${size.height} at ${width}`);
      const events = await open(t, "events", { viewport });
      const filter = await events.getByPlaceholder("Filter by channel, event, data or request").boundingBox();
      assert.ok(filter.width > 200, `the filter is ${filter.width} wide at ${width}`);
    }
  });

  test("has a form for every operation, and a service's token for those that need it", async (t) => {
    const page = await open(t, "act");
    const operations = page.getByRole("navigation", { name: "Operations" });
    const documented = await page.evaluate(async () => {
      const { paths } = await (await fetch("/console/openapi.json")).json();
      return Object.values(paths).flatMap((item) => Object.values(item).filter((part) => part.operationId)).length;
    });
    await operations.getByRole("button").first().waitFor();
    assert.equal(await operations.getByRole("button").count(), documented);

    await page.getByRole("button", { name: "billing, a service" }).click();
    await until("the service's turn", () => page.getByLabel("role service").isChecked());
    await operations.getByPlaceholder("Find an operation").fill("who wrote a book");
    await operations.getByRole("button").click();
    const form = page.getByRole("form", { name: "putBook" });
    await form.getByLabel("bookId").fill(newId("book"));
    await form.getByRole("button", { name: "Send" }).click();
    await page.getByText("200 OK").waitFor();
  });

  test("shows an e-mail as its reader would see it, in a frame that can do nothing", async (t) => {
    const lease = await newLease();
    await writes(lease.notary, lease, "The keys are at my office.");
    await mailed(lease.client, 1);
    const page = await open(t, "inbox");
    await page.getByRole("option").filter({ hasText: lease.client.email }).click();
    const letter = page.getByRole("article", { name: "Message" });
    await letter.getByRole("heading", { name: /New message from Maître Durand/ }).waitFor();
    await page.frameLocator("iframe").getByText("The keys are at my office.").first().waitFor();
    assert.equal(await page.locator("iframe").getAttribute("sandbox"), "");
  });

  test("draws deliveries a second, waits and what is owed", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    await giveKudos(ada, ben);
    const page = await open(t, "pictures");
    await page.locator(".uplot canvas").nth(2).waitFor();
    await page.getByText("p99", { exact: true }).first().waitFor();
    await until("a measured p50", async () => /p50[\d.]+ m?s/.test(await page.locator("#tiles").textContent()));
  });

  test("can be used with the keyboard alone", async (t) => {
    const [ada, ben] = [person("Ada"), person("Ben")];
    await giveKudos(ada, ben);
    const page = await open(t, "events");
    await eventsOn(page).filter({ hasText: ben.ownChannel }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.getAttribute("placeholder"));

    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the panel");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Events");
    await page.keyboard.press("End");
    assert.equal(await page.getByRole("tab", { name: "Pictures" }).getAttribute("aria-selected"), "true");
    await page.keyboard.press("Home");
    await page.keyboard.press("/");
    assert.match(await focused(), /^Filter by/);
    await page.keyboard.type(`kudos:received ${ben.userId}`);
    await until("the filtered list", async () => (await eventsOn(page).count()) === 1);
    for (let presses = 0; (await page.evaluate(() => document.activeElement.id)) !== "event-list"; presses += 1) {
      assert.ok(presses < 6, "the list is not reached by Tab");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("ArrowDown");
    await page.getByRole("complementary", { name: "Event" }).getByRole("heading", { name: "kudos:received" }).waitFor();
    assert.equal(await eventsOn(page).getAttribute("aria-selected"), "true");
  });

  test("is dark where the system is, and as somebody chose", async (t) => {
    const page = await open(t, "events", { colorScheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.getByRole("button", { name: "Switch to light" }).click();
    const light = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    assert.equal(await ground(), light, "the choice is remembered");
    await page.getByRole("button", { name: "Switch to dark" }).click();
    assert.equal(await ground(), dark);
  });
});

/** The console's response to a request with exactly these headers. */
function asked(method, path, headers) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(stack.url);
    const sent = request({ hostname, port, method, path, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer));
    });
    sent.on("error", reject);
    sent.end(method === "POST" ? JSON.stringify({ userId: "ben" }) : undefined);
  });
}

test("The console gives a token to its own page alone", async () => {
  const { host, origin } = new URL(stack.url);
  const json = { "content-type": "application/json" };
  const status = async (headers) => (await asked("POST", "/console/token", { host, ...json, ...headers })).statusCode;
  assert.equal(await status({ origin }), 200);
  assert.equal(await status({ "sec-fetch-site": "same-origin" }), 200);
  for (const headers of [
    {},
    { origin: "http://localhost:5173" },
    { origin: "null" },
    { origin, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { host: `evil.example:${new URL(stack.url).port}`, "sec-fetch-site": "same-origin" },
  ]) {
    assert.equal(await status(headers), 403, JSON.stringify(headers));
  }
});

test("The console's page runs its own scripts alone and can be in no frame", async () => {
  const { host } = new URL(stack.url);
  const policy = (await asked("GET", "/console", { host })).headers["content-security-policy"];
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    assert.ok(policy.includes(part), part);
  }
});
