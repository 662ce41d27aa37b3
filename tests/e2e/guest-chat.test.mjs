// A guest's chat with a hotel, over HTTP and pusher-js, and on its page in Chromium.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { launch, newContext, unavailable as noBrowser } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { messagesShown } from "./support/example-pages.mjs";
import { holdDeliveries } from "./support/functions.mjs";
import { asGuest, chatPath, guestListening, guestPath, guestWrites, hire, staffChannel, staffPath, staffWrites } from "./support/guest-chat.mjs";
import { mailed, mailsTo } from "./support/lease-chat.mjs";
import { listen } from "./support/listener.mjs";
import { cutClientsOff, hangPusher, replacePusher } from "./support/outage.mjs";
import { guestOf, newHotel, newId, person, service } from "./support/people.mjs";
import { killFunction, unavailable } from "./support/processes.mjs";
import { server } from "./support/server.mjs";
import { stack } from "./support/stack.mjs";
import { isKnown, itemsMentioning, nothingIsOwedTo } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";
import { until } from "./support/wait.mjs";

const SOCKET = "123456.7890123";
const EVENT = "realtime_event";
/** A PNG of one pixel. */
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

describe("E-mail to a guest", { concurrency: 4 }, () => {
  /** A guest who can be reached by e-mail, and has looked at the chat once. */
  async function reachableGuest(claims = {}) {
    const guest = guestOf(newHotel(), undefined, "Grace", { email: `${newId("mail").slice(0, 20)}@example.com`, ...claims });
    const nora = await hire(guest.hotel);
    await asGuest(guest, "GET", "messages");
    // The address is stored after the response.
    await until("the address", () => isKnown({ userId: guest.id }));
    return { guest, nora };
  }

  test("a guest who is away gets one at once, and one for the messages within the window", async () => {
    const { guest, nora } = await reachableGuest();
    const first = await staffWrites(nora, guest, "Your room is <b>ready</b>");
    const [mail] = await mailed(guest, 1);
    assert.equal(mail.Subject, `New message from Nora – ${guest.hotel}, booking ${guest.booking}`);
    const link = `${stack.url}/examples/guest-chat?hotel=${guest.hotel}&booking=${guest.booking}#message-${first.id}`;
    assert.ok(mail.BodyText.includes(link), mail.BodyText);
    assert.ok(mail.BodyHtml.includes("&lt;b&gt;ready&lt;/b&gt;"), mail.BodyHtml);
    await staffWrites(nora, guest, "1");
    await staffWrites(nora, guest, "2");
    const [, summary] = await mailed(guest, 2);
    assert.match(summary.Subject, /^2 new messages from Nora/);
  });

  test("a guest who has the chat open gets none", async (t) => {
    const { guest, nora } = await reachableGuest();
    const atGuest = await guestListening(t, guest);
    const message = await staffWrites(nora, guest, "Good evening");
    await atGuest.next(EVENT, (data) => data.message?.id === message.id);
    await nothingIsOwedTo(guest.booking);
    assert.deepEqual(await mailsTo(guest), []);
  });

  test("the link in an e-mail turns e-mail off, and on again", async () => {
    const { guest, nora } = await reachableGuest({ locale: "fr" });
    await staffWrites(nora, guest, "1");
    const [mail] = await mailed(guest, 1);
    assert.equal(mail.Subject, `Nouveau message de Nora – ${guest.hotel}, réservation ${guest.booking}`);
    const path = mail.BodyText.match(/http:\S+\/email\/unsubscribe\?\S+/)[0].replace(stack.url, "");
    await expecting(200, "POST", path, { form: { "List-Unsubscribe": "One-Click" } });
    await staffWrites(nora, guest, "2");
    await nothingIsOwedTo(guest.booking);
    assert.equal((await mailsTo(guest)).length, 1);
    await expecting(200, "POST", path, { form: { emails: "on" } });
    await staffWrites(nora, guest, "3");
    await mailed(guest, 2);
  });
});

describe("A guest's chat", { concurrency: 4 }, () => {
  test("guest and staff talk, and both hear each message once, with its number", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const [atGuest, atStaff] = [await guestListening(t, guest), await listen(t, nora)];
    await atStaff.subscribe(staffChannel(guest.hotel));

    const hello = await guestWrites(guest, "Hello!");
    const answer = await staffWrites(nora, guest, "Good evening! <b>How</b> can we help?");
    assert.deepEqual([hello.seq, answer.seq], [1, 2]);
    for (const message of [hello, answer]) {
      const isIt = (data) => data.message?.id === message.id;
      assert.deepEqual(await atGuest.next(EVENT, isIt), { type: "chat_message", message });
      assert.deepEqual(await atStaff.next(EVENT, isIt), { type: "chat_message", message, bookingId: guest.booking });
    }
    const { body: page } = await asGuest(guest, "GET", "messages");
    assert.deepEqual(page, { messages: [answer, hello], nextCursor: null });
  });

  test("a deletion and a read mark reach the other side", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const atGuest = await guestListening(t, guest);
    const message = await staffWrites(nora, guest, "Room 12");
    await atGuest.next(EVENT, { type: "chat_message" });

    const { message: left } = await expecting(200, "DELETE", staffPath(guest, `messages/${message.id}`), { as: nora });
    assert.deepEqual(await atGuest.next(EVENT, { type: "message_deleted" }), { type: "message_deleted", message: left });
    await guestWrites(guest, "Thank you");
    await expecting(200, "PUT", staffPath(guest, "read"), { as: nora, json: { seq: 2 } });
    const read = await atGuest.next(EVENT, { type: "messages_read" });
    assert.deepEqual([read.seq, read.reader], [2, { id: nora.userId, role: "staff" }]);
    const { body: mark } = await asGuest(guest, "PUT", "read", { json: { seq: 2 } });
    assert.deepEqual(mark, { seq: 2, unreadCount: 0 });
    assert.equal((await asGuest(guest, "DELETE", `messages/${message.id}`)).status, 403);
    assert.equal((await asGuest(guest, "DELETE", `messages/${message.id.replace(/^0{11}1/, "000000000009")}`)).status, 404);
    const { body: page } = await asGuest(guest, "GET", "messages");
    assert.equal((await asGuest(guest, "DELETE", `messages/${page.messages[0].id}`)).status, 200);
  });

  test("the context names the channel and the event", async () => {
    const guest = guestOf(newHotel());
    const { body } = await asGuest(guest, "GET", "context");
    assert.deepEqual(body.pusher, { channel: guest.channel, event: EVENT });
  });

  test("the channels are for the guest and the staff", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const [atGuest, atStaff] = [await guestListening(t, guest), await listen(t, nora)];
    const encrypted = (name) => name.replace("private-", "private-encrypted-");
    await atGuest.subscribe(encrypted(guest.channel));
    for (const name of [guest.channel, staffChannel(guest.hotel)]) {
      await atStaff.subscribe(name);
      await atStaff.subscribe(encrypted(name));
    }
    const atStranger = await listen(t, person());
    for (const name of [guest.channel, staffChannel(guest.hotel)]) {
      await atStranger.refusal(name);
      await atStranger.refusal(encrypted(name));
    }
    const neighbour = `${guest.channel}4`;
    await atGuest.refusal(neighbour);
    const form = { socket_id: SOCKET, channel_name: guest.channel };
    const { body } = await asGuest(guest, "POST", "pusher/auth", { form });
    assert.deepEqual(body, server.authorizeChannel(SOCKET, guest.channel));
  });

  test("a poll without news is a 304, and a client that was away reads on after its last number", async () => {
    const guest = guestOf(newHotel());
    for (const text of ["1", "2", "3"]) {
      await guestWrites(guest, text);
    }
    const page = await asGuest(guest, "GET", "messages");
    const poll = await asGuest(guest, "GET", "messages", { headers: { "if-none-match": page.headers.get("etag") } });
    assert.equal(poll.status, 304);
    const { messages } = (await asGuest(guest, "GET", "messages?after=1")).body;
    assert.deepEqual(messages.map(({ seq }) => seq), [2, 3]);
  });

  test("the inbox shows whose message is newest, and what is unread", async () => {
    const hotel = newHotel();
    const nora = await hire(hotel);
    const [one, two] = [guestOf(hotel), guestOf(hotel)];
    await guestWrites(one, "first");
    await guestWrites(two, "second");
    await guestWrites(one, "third");
    const inbox = () => expecting(200, "GET", `/hotels/${hotel}/chats`, { as: nora });
    await until("the index", async () => (await inbox()).chats[0]?.lastMessage.preview === "third");
    const { chats } = await inbox();
    const seen = chats.map(({ bookingId, unreadCount }) => [bookingId, unreadCount]);
    assert.deepEqual(seen, [[one.booking, 2], [two.booking, 1]]);
    const page = await expecting(200, "GET", staffPath(one, "messages?before=2"), { as: nora });
    assert.deepEqual(page.messages.map(({ message }) => message), ["first"]);
  });

  test("guest and staff see each other come, type and go", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const presence = guest.channel.replace("private-", "presence-");
    const [atGuest, atStaff] = [await guestListening(t, guest), await listen(t, nora)];
    const { members } = await atGuest.subscribe(presence);
    assert.deepEqual(members, { [guest.id]: { name: "Grace", role: "guest" } });
    await atStaff.subscribe(presence);
    assert.deepEqual(await atGuest.next("pusher:member_added"), { id: nora.userId, info: { role: "staff" } });
    atStaff.unsubscribe(presence);
    assert.equal((await atGuest.next("pusher:member_removed")).id, nora.userId);
    await (await listen(t, person())).refusal(presence);
    await atGuest.refusal(`${presence}4`);
  });

  test("the staff assigns and closes a chat, filters by both, and the guest's next message reopens it", async (t) => {
    const hotel = newHotel();
    const [nora, ben] = [await hire(hotel), await hire(hotel, person("Ben"))];
    const guest = guestOf(hotel);
    const atBen = await listen(t, ben);
    await atBen.subscribe(staffChannel(hotel));
    await expecting(404, "GET", chatPath(guest), { as: nora });
    await expecting(404, "PATCH", chatPath(guest), { as: nora, json: { state: "closed" } });
    await guestWrites(guest, "Hello!");
    const change = (as, json, status = 200) => expecting(status, "PATCH", chatPath(guest), { as, json });
    const { chat } = await change(nora, { assignedTo: nora.userId });
    const assignedTo = { id: nora.userId, name: "Nora" };
    assert.deepEqual([chat.assignedTo, chat.state, chat.lastMessage.author.name], [assignedTo, "open", "Grace"]);
    const told = await atBen.next(EVENT, { type: "chat_updated" });
    assert.deepEqual([told.assignedTo, told.by, told.bookingId], [assignedTo, assignedTo, guest.booking]);
    await change(ben, { assignedTo: ben.userId }, 409);
    await change(ben, { assignedTo: person().userId, assignedFrom: nora.userId }, 422);
    await change(ben, {}, 400);
    await change(person(), { state: "closed" }, 403);
    const names = async () => (await expecting(200, "GET", `/hotels/${hotel}/staff`, { as: ben })).staff.map(({ name }) => name);
    await until("their names", async () => (await names()).toSorted().join() === "Ben,Nora");

    await change(nora, { state: "closed", seq: 1 });
    const listed = async (query) => (await expecting(200, "GET", `/hotels/${hotel}/chats?${query}`, { as: nora })).chats.map(({ bookingId }) => bookingId);
    await until("the index", async () => (await listed("state=closed&assignedTo=me")).length === 1);
    await until("the index", async () => (await listed("state=open")).length === 0);
    await guestWrites(guest, "One more thing");
    await until("the index", async () => (await listed("state=open")).length === 1);
    assert.deepEqual(await listed("assignedTo=nobody"), []);
    assert.equal((await expecting(200, "GET", chatPath(guest), { as: ben })).chat.state, "open");
  });

  test("a guest's message notifies the staff while nobody of them is there", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const listener = await listen(t, nora);
    await listener.subscribe(nora.ownChannel);
    const message = await guestWrites(guest, "Is anybody there?");
    const { type, data } = await listener.next("notification:new", {});
    assert.deepEqual([type, data.messageId, data.bookingId], ["MESSAGE", message.id, guest.booking]);
  });

  test("messages of an erased account lose their text and keep their numbers", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    await staffWrites(nora, guest, "a text to be erased");
    const atGuest = await guestListening(t, guest);
    const erase = () => expecting(200, "DELETE", `/conversations/authors/${nora.userId}`, { as: service() });
    await until("the index", async () => (await erase()).erased === 1);
    await atGuest.next(EVENT, { type: "message_deleted" });
    const { messages } = (await asGuest(guest, "GET", "messages")).body;
    assert.deepEqual(messages.map(({ seq, author }) => [seq, author]), [[1, { id: null, name: "", role: "staff" }]]);
    assert.equal(await itemsMentioning("a text to be erased"), 0);
    await expecting(204, "DELETE", `/hotels/${guest.hotel}/staff/${nora.userId}`, { as: service() });
    await expecting(403, "GET", `/hotels/${guest.hotel}/chats`, { as: nora });
  });
});

describe("Refusals in a guest's chat", { concurrency: 4 }, () => {
  const JSON_TYPE = { "content-type": "application/json" };

  /** Every way to call a route that is refused, with its status. */
  const wrongBodies = (good) => [
    [400, { body: "{", headers: JSON_TYPE }],
    [400, { json: {} }],
    [413, { json: { ...good, ignored: "x".repeat(70_000) } }],
    [415, { body: JSON.stringify(good), headers: { "content-type": "text/plain" } }],
  ];

  test("no route of the guest's opens without the guest's token", async () => {
    const guest = guestOf(newHotel());
    const { id } = await guestWrites(guest, "Hello");
    const body = { json: { message: "x", seq: 1, socket_id: SOCKET, channel_name: guest.channel } };
    const routes = [
      ["GET", "context"],
      ["GET", "messages"],
      ["POST", "messages", body],
      ["DELETE", `messages/${id}`],
      ["PUT", "read", body],
      ["POST", "pusher/auth", body],
    ];
    const expired = token({ aud: "guest", hotel: guest.hotel, booking: guest.booking, exp: inSeconds(-60) });
    for (const [method, route, request] of routes) {
      for (const bad of [person().token, expired, `${guest.token}x`, ""]) {
        assert.equal((await asGuest({ ...guest, token: bad }, method, route, request)).status, 401, `${method} ${route}`);
      }
      const other = { ...guest, token: guestOf(newHotel(), guest.booking).token };
      assert.equal((await asGuest(other, method, route, request)).status, 403, `${method} ${route}`);
    }
    assert.equal((await asGuest(guest, "GET", "messages")).body.messages.length, 1);
  });

  test("no route of the staff's opens to others", async () => {
    const guest = guestOf(newHotel());
    const { id } = await guestWrites(guest, "Hello");
    const body = { json: { message: "x", seq: 1 } };
    const routes = [
      ["GET", `/hotels/${guest.hotel}/chats`],
      ["GET", `/hotels/${guest.hotel}/staff`],
      ["GET", chatPath(guest)],
      ["PATCH", chatPath(guest), { json: { state: "closed" } }],
      ["GET", staffPath(guest, "messages")],
      ["POST", staffPath(guest, "messages"), body],
      ["DELETE", staffPath(guest, `messages/${id}`)],
      ["PUT", staffPath(guest, "read"), body],
      ["PUT", `/hotels/${guest.hotel}/staff/zoe`],
      ["DELETE", `/hotels/${guest.hotel}/staff/zoe`],
      ["DELETE", "/conversations/authors/zoe"],
    ];
    for (const [method, path, request] of routes) {
      await expecting(403, method, path, { as: person(), ...request });
      await expecting(401, method, path, { as: guest, ...request });
      await expecting(401, method, path, request);
    }
  });

  test("malformed and too large messages are refused, and nothing is written", async () => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const staff = { as: nora };
    const message = { message: "Hello" };
    const channel = { socket_id: SOCKET, channel_name: guest.channel };
    for (const [good, route] of [[message, "messages"], [{ seq: 1 }, "read"], [channel, "pusher/auth"]]) {
      const method = route === "read" ? "PUT" : "POST";
      for (const [status, request] of wrongBodies(good)) {
        assert.equal((await asGuest(guest, method, route, request)).status, status, route);
        if (route !== "pusher/auth") {
          await expecting(status, method, staffPath(guest, route), { ...staff, ...request });
        }
      }
    }
    for (const [status, request] of wrongBodies({ state: "closed" })) {
      await expecting(status, "PATCH", chatPath(guest), { ...staff, ...request });
    }
    for (const text of ["", " ", "x\0", "x".repeat(4_001)]) {
      assert.equal((await asGuest(guest, "POST", "messages", { json: { message: text } })).status, 400);
    }
    assert.equal((await asGuest(guest, "POST", "messages", { json: { message: "\u{1F44B}".repeat(2_540) } })).status, 413);
    assert.equal((await asGuest(guest, "GET", "messages?limit=0")).status, 400);
    await expecting(400, "GET", staffPath(guest, "messages?before=x"), staff);
    await expecting(400, "GET", `/hotels/${guest.hotel}/chats?cursor=x`, staff);
    await expecting(400, "GET", `/hotels/${guest.hotel}/chats?state=new`, staff);
    const noHotel = { ...guest, hotel: "not.a.slug" };
    await expecting(400, "GET", chatPath(noHotel), staff);
    await expecting(400, "GET", `/hotels/${guest.hotel}/staff?cursor=x`, staff);
    await expecting(400, "DELETE", staffPath(noHotel, "messages/1"), staff);
    await expecting(404, "DELETE", staffPath(guest, "messages/1"), staff);
    await expecting(400, "PUT", "/hotels/not.a.slug/staff/zoe", { as: service() });
    await expecting(400, "DELETE", "/hotels/not.a.slug/staff/zoe", { as: service() });
    await expecting(422, "PUT", `/hotels/${guest.hotel}/staff/${guest.id}`, { as: service() });
    await expecting(400, "DELETE", "/conversations/authors/zoe?cursor=x", { as: service() });
    assert.deepEqual((await asGuest(guest, "GET", "messages")).body.messages, []);
  });

  test("a key is for one message", async () => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const write = (message) => ({ json: { message }, headers: { "idempotency-key": "k" } });
    const first = await asGuest(guest, "POST", "messages", write("Hello"));
    const again = await asGuest(guest, "POST", "messages", write("Hello"));
    assert.deepEqual([again.body, again.headers.get("idempotent-replayed")], [first.body, "true"]);
    assert.equal((await asGuest(guest, "POST", "messages", write("Other"))).status, 422);
    await expecting(201, "POST", staffPath(guest, "messages"), { as: nora, ...write("Hello") });
    await expecting(422, "POST", staffPath(guest, "messages"), { as: nora, ...write("Other") });
  });
});

test("a function killed between its write and its delivery loses no message", { skip: unavailable }, async (t) => {
  const guest = guestOf(newHotel());
  const listener = await guestListening(t, guest);
  // It answers once it has written, and then hangs in its own delivery, where it is killed.
  const release = await holdDeliveries(t);
  let message;
  try {
    await hangPusher(t);
    message = await guestWrites(guest, "Hello");
    assert.ok(killFunction("GuestChat") > 0, "the function was not running");
    await replacePusher(t, listener);
  } finally {
    await release();
  }
  assert.deepEqual((await listener.next(EVENT, {})).message, message);
});

describe("The page of a guest's chat", { skip: noBrowser }, () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser?.close());

  async function open(t, path, prepare = async () => {}) {
    const context = await newContext(t, browser);
    const page = await context.newPage();
    const faults = [];
    page.on("pageerror", (fault) => faults.push(fault));
    cleanUp(t, () => assert.deepEqual(faults, [], "the page threw"));
    await prepare(page);
    await page.goto(new URL(path, stack.url).href);
    return page;
  }

  /** The guest's page and the staff's, each in a browser context of its own. */
  async function bothSides(t) {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const hotel = `hotel=${guest.hotel}`;
    const atGuest = await open(t, `/examples/guest-chat?${hotel}&token=${guest.token}`);
    const atStaff = await open(t, `/examples/guest-chat/staff?${hotel}&staff=${nora.userId}&token=${nora.token}`);
    for (const page of [atGuest, atStaff]) {
      await page.getByText("Live", { exact: true }).waitFor();
    }
    return { guest, nora, atGuest, atStaff };
  }

  async function write(page, text) {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  }

  const messagesOn = (page) =>
    messagesShown(page).then((messages) => JSON.stringify(messages.map(({ author, text }) => `${author}: ${text}`)));
  const shows = (page, texts) => {
    const wanted = JSON.stringify(texts);
    return until(
      `${wanted} on the page`,
      async () => (await messagesOn(page)) === wanted,
      () => messagesOn(page),
    );
  };

  test("both sides talk, delete, and see what is read", async (t) => {
    const { guest, atGuest, atStaff } = await bothSides(t);
    await write(atGuest, "Hello! <img src=x onerror=alert(1)>");
    await atStaff.getByRole("button", { name: `Grace, ${guest.booking} (1 unread)` }).click();
    await shows(atStaff, ["Grace: Hello! <img src=x onerror=alert(1)>"]);
    await atGuest.getByText("Read by the hotel").waitFor();

    await write(atStaff, "Good evening!");
    const both = ["Grace: Hello! <img src=x onerror=alert(1)>", "Nora: Good evening!"];
    await shows(atGuest, both);
    await atStaff.getByText("Read by the guest").waitFor();

    await atGuest.getByRole("button", { name: "Delete" }).click();
    await shows(atStaff, ["Grace: (deleted)", "Nora: Good evening!"]);
    await shows(atGuest, ["Grace: (deleted)", "Nora: Good evening!"]);
  });

  test("a picture is shown on the other side, with and without words", async (t) => {
    const { atGuest, atStaff } = await bothSides(t);
    for (const [name, text] of [
      ["plan.png", "Look"],
      ["view.png", ""],
    ]) {
      await atGuest.locator("#file").setInputFiles({ name, mimeType: "image/png", buffer: PICTURE });
      await atGuest.getByText(name, { exact: true }).waitFor();
      await write(atGuest, text);
    }
    await atStaff.getByRole("button", { name: "(2 unread)" }).click();
    const isShown = (name) => async () => (await atStaff.getByAltText(name).evaluateAll((all) => all.map((image) => image.naturalWidth)))[0] === 1;
    await until("the first picture", isShown("plan.png"));
    await until("the second one", isShown("view.png"));
    await shows(atStaff, ["Grace: Look", "Grace: "]);
    await atGuest.getByRole("button", { name: "Delete" }).first().click();
    await shows(atStaff, ["Grace: (deleted)", "Grace: "]);
    assert.equal(await atStaff.getByAltText("plan.png").count(), 0);
  });

  test("messages keep the order in which they were written, also where a file takes long", async (t) => {
    const { atGuest } = await bothSides(t);
    let letUpload;
    const held = new Promise((resolve) => (letUpload = resolve));
    let isAsked;
    const asked = new Promise((resolve) => (isAsked = resolve));
    await atGuest.route(/\/chat\/attachments\b/, async (route) => {
      isAsked();
      await held;
      await route.continue();
    });
    await atGuest.locator("#file").setInputFiles({ name: "map.png", mimeType: "image/png", buffer: PICTURE });
    await write(atGuest, "with a map");
    await asked;
    await write(atGuest, "after it");
    letUpload();
    await shows(atGuest, ["Grace: with a map", "Grace: after it"]);
  });

  test("a message that was refused is there to be sent again, with what was written since, and the reason stays", async (t) => {
    const { atGuest } = await bothSides(t);
    let refuse;
    const held = new Promise((resolve) => (refuse = resolve));
    await atGuest.route(/\/chat\/messages\b/, async (route) => {
      if (!/first|also/.test(route.request().postData())) {
        return route.continue();
      }
      await held;
      return route.fulfill({ status: 400, json: { message: "Not this text" } });
    });
    await write(atGuest, "first");
    await write(atGuest, "also");
    await write(atGuest, "second");
    await atGuest.getByLabel("Message", { exact: true }).fill("third");
    refuse();
    await shows(atGuest, ["Grace: second"]);
    await atGuest.getByRole("alert").getByText("Not this text").waitFor();
    assert.match(await atGuest.getByLabel("Message", { exact: true }).inputValue(), /^first\nalso\nthird$/);
  });

  test("a message whose file was refused is there to be sent again", async (t) => {
    const { atGuest } = await bothSides(t);
    await atGuest.route(/\/chat\/attachments\b/, (route) => route.fulfill({ status: 400, json: { message: "Not this file" } }));
    await atGuest.locator("#file").setInputFiles({ name: "map.png", mimeType: "image/png", buffer: PICTURE });
    await write(atGuest, "with a map");
    await atGuest.getByRole("alert").getByText("Not this file").waitFor();
    assert.equal(await atGuest.getByLabel("Message", { exact: true }).inputValue(), "with a map", "what was written is there to be sent again");
    await atGuest.unroute(/\/chat\/attachments\b/);
    await atGuest.getByRole("button", { name: "Send" }).click();
    await shows(atGuest, ["Grace: with a map"]);
  });

  test("when Pusher is gone, both sides say so and go on by asking, and nothing is missed or doubled", { skip: unavailable }, async (t) => {
    const { atGuest, atStaff } = await bothSides(t);
    await write(atGuest, "one");
    await atStaff.getByRole("button", { name: "(1 unread)" }).click();
    await shows(atStaff, ["Grace: one"]);

    const comeBack = await cutClientsOff(t);
    for (const page of [atGuest, atStaff]) {
      await page.getByText("Pusher is out of reach; asking every 2 seconds").waitFor();
    }
    await write(atStaff, "two");
    await shows(atGuest, ["Grace: one", "Nora: two"]);
    await write(atGuest, "three");
    await shows(atStaff, ["Grace: one", "Nora: two", "Grace: three"]);

    await comeBack();
    for (const page of [atGuest, atStaff]) {
      await page.getByText("Live", { exact: true }).waitFor();
    }
    await write(atGuest, "four");
    for (const page of [atGuest, atStaff]) {
      await shows(page, ["Grace: one", "Nora: two", "Grace: three", "Grace: four"]);
    }
  });

  test("guest and staff see each other typing, and the staff closes the chat", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    await guestWrites(guest, "one");
    const atGuest = await open(t, `/examples/guest-chat?hotel=${guest.hotel}&token=${guest.token}`);
    const atStaff = await open(t, `/examples/guest-chat/staff?hotel=${guest.hotel}&staff=${nora.userId}&token=${nora.token}`);
    await atStaff.getByRole("button", { name: guest.booking }).click();
    await until("both in the channel", async () => {
      const typing = (page) => page.getByRole("textbox", { name: "Message" });
      await typing(atStaff).fill("");
      await typing(atStaff).pressSequentially("We ");
      return (await atGuest.getByText("is typing").count()) > 0;
    });
    await until("the guest's typing", async () => {
      await atGuest.getByRole("textbox", { name: "Message" }).pressSequentially("a");
      return (await atStaff.getByText("Grace is typing").count()) > 0;
    });
    await atStaff.getByRole("button", { name: "Assign to me" }).click();
    await atStaff.getByText("Assigned to Nora").waitFor();
    await atStaff.getByRole("button", { name: "Close", exact: true }).click();
    await atStaff.getByRole("button", { name: "Reopen" }).waitFor();
    await guestWrites(guest, "One more thing");
    await atStaff.getByRole("button", { name: "Close", exact: true }).waitFor();
  });

  test("a message that is written between a page's first read and its subscription is shown", async (t) => {
    const guest = guestOf(newHotel());
    const nora = await hire(guest.hotel);
    const reading = new Set();
    let asks = false;
    let admit;
    const admitted = new Promise((resolve) => (admit = resolve));
    const isInbox = (request) => new URL(request.url()).pathname === `/hotels/${guest.hotel}/chats`;
    const page = await open(t, `/examples/guest-chat/staff?hotel=${guest.hotel}&staff=${nora.userId}&token=${nora.token}`, async (page) => {
      page.on("request", (request) => isInbox(request) && reading.add(request));
      for (const end of ["requestfinished", "requestfailed"]) {
        page.on(end, (request) => reading.delete(request));
      }
      await page.route("**/pusher/auth", async (route) => {
        asks = true;
        await admitted;
        await route.continue();
      });
    });
    await until("the question for the channel, and each first reading's answer", () => asks && reading.size === 0);
    await guestWrites(guest, "Hello");
    await nothingIsOwedTo(guest.channel, staffChannel(guest.hotel));
    admit();
    await page.getByRole("button", { name: "(1 unread)" }).waitFor();
  });

  test("a page whose link is not a guest's says so", async (t) => {
    const context = await newContext(t, browser);
    const page = await context.newPage();
    await page.goto(new URL(`/examples/guest-chat?hotel=${newHotel()}&token=x`, stack.url).href);
    await page.getByRole("alert").filter({ hasText: "The token is not valid here" }).waitFor();
  });

  test("the demo's guest and staff need no link", async (t) => {
    const page = await open(t, "/examples/guest-chat");
    await page.getByText("booking BK-2025-0123 at killarney").waitFor();
    const staff = await open(t, "/examples/guest-chat/staff");
    await staff.getByText("nora, at killarney").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
  });
});
