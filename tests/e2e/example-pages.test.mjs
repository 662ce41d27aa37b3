// The example pages of the chats, which people copy: what they do when something fails, and how they can be used.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { exampleModule, messagesShown } from "./support/example-pages.mjs";
import { guestWrites, hire, staffPath } from "./support/guest-chat.mjs";
import { newLease, writes } from "./support/lease-chat.mjs";
import { guestOf, newHotel, person } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

const { Inbox } = await exampleModule("inbox.js");

describe("The staff's inbox", () => {
  const grace = { id: "guest;killarney;BK-1", name: "Grace", role: "guest" };
  const nora = { id: "nora", name: "Nora", role: "staff" };
  const at = (seq) => `2026-11-28T10:00:${String(seq).padStart(2, "0")}.000Z`;
  const message = (seq, author = grace) => ({ id: `m-${seq}`, seq, author, message: `text ${seq}`, createdAt: at(seq) });
  const wrote = (seq, author) => ({ type: "chat_message", bookingId: "BK-1", message: message(seq, author) });
  const chat = (seq, unreadCount, preview = `text ${seq}`) => ({ bookingId: "BK-1", guestName: "Grace", lastMessage: { seq, author: grace, preview, createdAt: at(seq) }, unreadCount });
  const shown = (inbox) => inbox.chats.map(({ lastMessage, unreadCount }) => [lastMessage.seq, lastMessage.preview, unreadCount]);

  test("shows a chat by its first event, without the route", () => {
    const inbox = new Inbox("nora");
    assert.equal(inbox.hear(wrote(1)), true);
    assert.deepEqual(shown(inbox), [[1, "text 1", 1]]);
    assert.equal(inbox.chats[0].guestName, "Grace");
  });

  test("keeps what an event said when the route is behind it", () => {
    const inbox = new Inbox("nora");
    inbox.take([chat(4, 1)]);
    inbox.hear(wrote(5));
    inbox.take([]);
    inbox.take([chat(4, 1)]);
    assert.deepEqual(shown(inbox), [[5, "text 5", 2]]);
    inbox.take([chat(6, 3)]);
    assert.deepEqual(shown(inbox), [[6, "text 6", 3]]);
  });

  test("wants the route for a chat of which it does not know what is read, and takes its word", () => {
    const inbox = new Inbox("nora");
    assert.equal(inbox.hear(wrote(9)), false);
    assert.deepEqual(shown(inbox), [[9, "text 9", 1]]);
    inbox.take([chat(9, 7)]);
    assert.deepEqual(shown(inbox), [[9, "text 9", 7]]);
    assert.equal(inbox.hear(wrote(10)), true);
    assert.deepEqual(shown(inbox), [[10, "text 10", 8]]);
  });

  test("counts as read what its member has read or written, in this window or another", () => {
    const inbox = new Inbox("nora");
    inbox.take([chat(4, 4)]);
    inbox.hear({ type: "messages_read", bookingId: "BK-1", reader: { id: "zoe", role: "staff" }, seq: 4 });
    assert.deepEqual(shown(inbox), [[4, "text 4", 4]]);
    inbox.hear({ type: "messages_read", bookingId: "BK-1", reader: { id: "nora", role: "staff" }, seq: 3 });
    assert.deepEqual(shown(inbox), [[4, "text 4", 1]]);
    inbox.hear(wrote(5, nora));
    assert.deepEqual(shown(inbox), [[5, "text 5", 0]]);
  });

  test("shows nothing of a deleted message, whichever comes first, and takes events twice and late", () => {
    const inbox = new Inbox("nora");
    inbox.hear(wrote(1));
    const { message: _, ...left } = message(1);
    inbox.hear({ type: "message_deleted", bookingId: "BK-1", message: { ...left, deletedAt: at(2) } });
    inbox.take([chat(1, 1)]);
    inbox.hear(wrote(1));
    assert.deepEqual(shown(inbox), [[1, null, 1]]);
  });
});

describe("The example pages", { skip: unavailable }, () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  async function open(t, path, { prepare = () => {}, ...options } = {}) {
    const context = await newContext(t, browser, options);
    const page = await context.newPage();
    await prepare(page);
    await page.goto(new URL(path, stack.url).href);
    return page;
  }

  async function staffed() {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    return { guest, nora, path: `/examples/guest-chat/staff?hotel=${guest.hotel}&staff=${nora.userId}&token=${nora.token}` };
  }

  const isLive = (page) => page.getByText("Live", { exact: true }).waitFor();
  const unreadOn = (page) => page.getByRole("button", { name: "(1 unread)" });

  test("one failed authorization is asked again, and the page is not live before", async (t) => {
    const { guest, path } = await staffed();
    let held;
    const isHeld = new Promise((resolve) => (held = resolve));
    const page = await open(t, path, {
      prepare: (page) => {
        const answers = [(route) => route.fulfill({ status: 503, json: { message: "Busy" } }), held];
        return page.route("**/pusher/auth", (route) => (answers.shift() ?? ((route) => route.continue()))(route));
      },
    });
    const second = await isHeld;
    assert.equal(await page.getByText("Live", { exact: true }).count(), 0);
    await guestWrites(guest, "Hello");
    await second.continue();
    await isLive(page);
    await unreadOn(page).waitFor();
  });

  test("a message is in the inbox by its event, also where the index is behind or cannot be read", async (t) => {
    for (const answer of [{ json: { chats: [], nextCursor: null } }, { status: 502, body: "Bad gateway" }]) {
      const { guest, path } = await staffed();
      const page = await open(t, path);
      await isLive(page);
      await page.route(`**/hotels/${guest.hotel}/chats`, (route) => route.fulfill(answer));
      await guestWrites(guest, "Hello");
      await unreadOn(page).waitFor();
    }
  });

  test("a message of a chat that the inbox has not shown yet is counted with those before it, once the index has it", async (t) => {
    const { guest, path } = await staffed();
    await guestWrites(guest, "one");
    let isBehind = true;
    const page = await open(t, path, {
      prepare: (page) => page.route(`**/hotels/${guest.hotel}/chats`, (route) => (isBehind ? route.fulfill({ json: { chats: [], nextCursor: null } }) : route.continue())),
    });
    await isLive(page);
    await guestWrites(guest, "two");
    await unreadOn(page).waitFor();
    isBehind = false;
    await page.getByRole("button", { name: "(2 unread)" }).waitFor();
  });

  test("a page whose first reading fails says so, and how to go on", async (t) => {
    const { path } = await staffed();
    let isDown = true;
    const page = await open(t, path, { prepare: (page) => page.route("**/hotels/*/chats", (route) => (isDown ? route.fulfill({ status: 503, json: { message: "Busy" } }) : route.continue())) });
    await page.getByRole("heading", { name: "The page cannot be loaded now" }).waitFor();
    isDown = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await isLive(page);
  });

  test("a stranger sees why the page is empty, and what to do", async (t) => {
    const { guest } = await staffed();
    const zoe = person("Zoe");
    const staff = await open(t, `/examples/guest-chat/staff?hotel=${guest.hotel}&staff=${zoe.userId}&token=${zoe.token}`);
    await staff.getByText(`PUT /hotels/${guest.hotel}/staff/${zoe.userId}`).waitFor();
    const other = await open(t, `/examples/guest-chat?hotel=${newHotel()}&token=${guest.token}&lang=fr`);
    await other.getByRole("heading", { name: "Vous n’avez pas accès à cette page" }).waitFor();
    const lease = await newLease();
    const page = await open(t, `/examples/lease-chat?lease=${lease.bailId}&token=${zoe.token}`);
    await page.getByRole("heading", { name: "There is nothing here for you" }).waitFor();
    for (const each of [staff, other, page]) {
      assert.equal(await each.getByText(/Loading|Connecting/).filter({ visible: true }).count(), 0);
    }
  });

  test("the link to the other side leads there and back, with hotel and tokens", async (t) => {
    const { guest, nora } = await staffed();
    await guestWrites(guest, "Hello");
    const page = await open(t, `/examples/guest-chat?hotel=${guest.hotel}&token=${guest.token}&other=${nora.token}`);
    await isLive(page);
    const following = async (from, name) => {
      const [other] = await Promise.all([from.waitForEvent("popup"), from.getByRole("link", { name }).click()]);
      return other;
    };
    const staff = await following(page, "The hotel's side");
    await staff.getByRole("button", { name: `Grace, ${guest.booking}` }).waitFor();
    const back = await following(staff, "The guest's side");
    await back.getByText(`booking ${guest.booking} at ${guest.hotel}`).waitFor();
  });

  test("an e-mail's link opens for its recipient, at its message", async (t) => {
    const session = await (await fetch(`${stack.url}/examples/lease-chat/session`)).json();
    // The page says whose the demo's lease is.
    await isLive(await open(t, "/examples/lease-chat"));
    const lease = { bailId: session.lease };
    const asked = await writes(session.client, lease, "Bonjour Maître");
    const answered = await writes(session.notary, lease, "Bonjour");
    for (const [{ id }, role] of [[asked, "notary"], [answered, "client"]]) {
      const page = await open(t, `/leases/${session.lease}/chat#message-${id}`);
      await page.getByText(`${role} of lease ${session.lease}`).waitFor();
      assert.equal(await page.locator(":target").getAttribute("id"), `message-${id}`);
    }
    const notary = await open(t, `/leases/${session.lease}/chat?as=notary&lang=fr`);
    await notary.getByText(`notaire, bail ${session.lease}`).waitFor();
  });

  test("a lease's page says that an e-mail goes out only when a message waits for one who is away, and who types until the message is there", async (t) => {
    const client = await open(t, "/examples/lease-chat");
    await isLive(client);
    const box = client.getByLabel("Message", { exact: true });
    await client.getByText("The other person is not here", { exact: true }).waitFor();
    await box.fill("Hello");
    await box.press("Enter");
    await client.getByText("an e-mail tells them of your message").waitFor();

    const notary = await open(t, "/examples/lease-chat?as=notary");
    await isLive(notary);
    await client.locator("#there", { hasText: "is here" }).waitFor();
    await box.pressSequentially("Are you there?");
    await notary.locator("#typing", { hasText: "is typing" }).waitFor();
    await box.press("Enter");
    await until("the message", async () => (await messagesShown(notary)).some(({ text }) => text === "Are you there?"));
    assert.equal(await notary.locator("#typing").textContent(), "");
  });

  test("is used with the keyboard, read by a screen reader, and touched with a thumb, at every width", async (t) => {
    const { guest, nora, path } = await staffed();
    await guestWrites(guest, "Hello");
    const lease = await newLease();
    const paths = [path, `/examples/guest-chat?hotel=${guest.hotel}&token=${guest.token}`, `/examples/lease-chat?lease=${lease.bailId}&token=${lease.client.token}`];
    for (const width of [390, 600, 1280]) {
      for (const address of paths) {
        const page = await open(t, address, { viewport: { width, height: 780 }, colorScheme: width === 600 ? "dark" : "light" });
        await isLive(page);
        if (address === path) {
          await page.getByRole("button", { name: guest.booking }).press("Enter");
        }
        const box = page.getByLabel("Message", { exact: true });
        await box.fill("one");
        await box.press("Shift+Enter");
        await box.pressSequentially("two");
        await box.press("Enter");
        await until("the message with its two lines", async () => (await messagesShown(page)).some(({ text }) => text === "one\ntwo"));
        await page.getByRole("log", { name: "Messages" }).waitFor();
        const faults = await page.evaluate(() => {
          const visible = [...document.querySelectorAll("button, input, textarea, summary, nav a")].filter((element) => element.offsetParent);
          const small = visible.filter((element) => element.getBoundingClientRect().height < 44);
          const tiny = visible.filter((element) => element.matches("input, textarea") && Number.parseFloat(getComputedStyle(element).fontSize) < 16);
          const wide = document.documentElement.scrollWidth > innerWidth ? [document.body] : [];
          return [...small, ...tiny, ...wide].map((element) => element.outerHTML.slice(0, 80));
        });
        assert.deepEqual(faults, [], `${address.split("?")[0]} at ${width} pixels`);
        await page.context().close();
      }
    }
    const { chats } = await expecting(200, "GET", `/hotels/${guest.hotel}/chats`, { as: nora });
    const { messages } = await expecting(200, "GET", staffPath(guest, "messages"), { as: nora });
    assert.deepEqual([chats.length, messages.length], [1, 7]);
  });

  test("speaks French to a French browser", async (t) => {
    const { guest } = await staffed();
    const page = await open(t, `/examples/guest-chat?hotel=${guest.hotel}&token=${guest.token}`, { locale: "fr-FR" });
    await page.getByText("En direct", { exact: true }).waitFor();
    await page.getByText("Aucun message. Écrivez le premier.").waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
    const english = await open(t, `/examples/guest-chat?hotel=${guest.hotel}&token=${guest.token}&lang=en`, { locale: "fr-FR" });
    await isLive(english);
  });
});
