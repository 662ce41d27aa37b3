// A hotel chain with Django and Pusher moves its guests' chats to Carillon, and back again.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { launch, newContext, unavailable } from "./support/chromium.mjs";
import { messagesShown } from "./support/example-pages.mjs";
import { hearFacts } from "./support/facts.mjs";
import { asGuest, staffChannel, staffPath } from "./support/guest-chat.mjs";
import { listen } from "./support/listener.mjs";
import { guestChat } from "./support/migration.mjs";
import { guestOf, newHotel, person } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { actFor, imported, nothingIsLeft, withTable } from "./support/switch.mjs";
import { until } from "./support/wait.mjs";

describe("A hotel's move", { skip: unavailable }, () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  test("a Django app's chats go on here on the guest's page, and come back", async (t) => {
    const [nora, hotel] = [person("Nora"), newHotel()];
    const guest = guestOf(hotel);
    const database = guestChat({ hotel, booking: guest.booking, guestName: guest.name, staff: nora });
    const ids = await imported(database, {
      profile: "SELECT count(*) FROM staff",
      staff: "SELECT count(*) FROM staff",
      message: "SELECT count(*) FROM room_messages",
    });
    const bus = await hearFacts(t);

    // The page has the guide's client, word for word.
    const page = await (await newContext(t, browser)).newPage();
    await page.goto(new URL(`/examples/guest-chat?hotel=${hotel}&token=${guest.token}`, stack.url).href);
    await page.getByText("Live", { exact: true }).waitFor();
    const shows = (...texts) =>
      until(`${texts} on the page`, async () => {
        const shown = (await messagesShown(page)).map(({ text }) => text);
        return texts.every((text) => shown.includes(text));
      });
    await shows("Is there a pool?", "Yes", "Thanks");
    assert.equal((await messagesShown(page)).length, database.values("SELECT count(*) FROM room_messages")[0]);
    const atStaff = await listen(t, nora);
    await atStaff.subscribe(staffChannel(hotel));
    await page.getByLabel("Message", { exact: true }).fill("When does it close?");
    await page.getByRole("button", { name: "Send" }).click();
    const { message } = await atStaff.next("realtime_event", ({ type }) => type === "chat_message");
    assert.deepEqual([message.seq, message.author.name, message.message], [5, "Grace", "When does it close?"]);

    // The back end hears of the question, and answers for the staff.
    const sent = await bus.next("message.sent", { messageId: message.id });
    assert.deepEqual([sent.conversation.bookingId, sent.authorId, sent.role], [guest.booking, guest.id, "guest"]);
    const { message: answer } = await actFor(nora, 201, "POST", staffPath(guest, "messages"), { message: "At ten" });
    await shows("At ten");
    assert.equal((await asGuest(guest, "PUT", "read", { json: { seq: answer.seq } })).status, 200);
    const { messages } = await expecting(200, "GET", staffPath(guest, "messages"), { as: nora });
    const yes = messages.find(({ message: text }) => text === "Yes");
    await expecting(200, "DELETE", staffPath(guest, `messages/${yes.id}`), { as: nora });
    await until("the deletion on the page", async () => !(await messagesShown(page)).some(({ text }) => text === "Yes"));

    // Back again.
    await bus.next("message.sent", { messageId: answer.id });
    await bus.next("message.deleted", { messageId: yes.id });
    const events = bus.events(hotel);
    assert.equal(await database.back(["--ids", ids], { events }), "rows changed: 3 of room_messages");
    const there = database.rows("SELECT staff_id, CASE WHEN deleted_at IS NULL THEN message END FROM room_messages ORDER BY created_at");
    const { messages: here } = await expecting(200, "GET", `${staffPath(guest, "messages")}?after=0`, { as: nora });
    assert.deepEqual(there, here.map(({ author, message: text }) => [author.role === "staff" ? author.id : null, text ?? null]));
    assert.deepEqual(database.values("SELECT id FROM room_messages WHERE deleted_at IS NOT NULL ORDER BY id"), [2, 3]);
    // Read marks have no fact: the answer marked all before it as read. No route shows the guest's.
    assert.equal(await database.back(["--all"], withTable), "rows changed: 4 of message_reads, 1 of room_messages");
    assert.deepEqual(database.values("SELECT message FROM room_messages WHERE read_by_guest = 1 ORDER BY id"), ["Yes", "At ten"]);
    await nothingIsLeft(database, events);
  });
});
