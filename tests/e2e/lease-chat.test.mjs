// A lease's chat, over HTTP and pusher-js, on its page in Chromium, and by e-mail.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { launch, newContext, unavailable as noBrowser } from "./support/chromium.mjs";
import { messagesShown } from "./support/example-pages.mjs";
import { happened } from "./support/faults.mjs";
import { holdDeliveries } from "./support/functions.mjs";
import { leasePath, mailed, mailsTo, newLease, putLease, writes } from "./support/lease-chat.mjs";
import { listen } from "./support/listener.mjs";
import { bringPusherBack, delayPosts, stopPusher } from "./support/outage.mjs";
import { newId, person, service } from "./support/people.mjs";
import { freezePusher, killFunction, restorePusher, unavailable } from "./support/processes.mjs";
import { server } from "./support/server.mjs";
import { isGateway, stack } from "./support/stack.mjs";
import { nothingIsOwedTo } from "./support/table.mjs";
import { until } from "./support/wait.mjs";

const SOCKET = "123456.7890123";

/** Whom Pusher's REST API lists in the chat. */
async function present({ channel }) {
  const response = await server.get({ path: `/channels/${channel}/users` });
  return response.status === 200 ? (await response.json()).users.map(({ id }) => id) : [];
}

const isAway = (lease, { userId }) => until("their absence", async () => !(await present(lease)).includes(userId));

describe("A lease's chat", { concurrency: 4 }, () => {
  test("a clerk and a co-tenant hear, write, decide on requests to them, and get e-mails", async (t) => {
    const lease = await newLease();
    const { client, notary } = lease;
    const clerk = { ...person("Cleo"), email: `${newId("mail").slice(0, 20)}@example.com` };
    const tenant = person("Dan");
    const participants = [[client, "client"], [notary, "notary"], [clerk, "clerk"], [tenant, "co-tenant"]];
    const json = {
      title: "12 rue des Lilas",
      participants: participants.map(([{ userId, email }, role]) => ({ userId, role, ...(email && { email }) })),
    };
    const put = await expecting(200, "PUT", `/leases/${lease.bailId}`, { as: service(), json });
    assert.deepEqual(put.participants.map(({ role }) => role).toSorted(), ["clerk", "client", "co-tenant", "notary"]);
    const atTenant = await listen(t, tenant);
    await atTenant.subscribe(lease.channel);
    const hello = await writes(client, lease, "Bonjour");
    assert.deepEqual(await atTenant.next("new-message", { id: hello.id }), hello);
    assert.equal((await mailed(clerk, 1)).length, 1);

    const request = { title: "An identity card", to: { role: "co-tenant" } };
    const asked = await expecting(201, "POST", leasePath(lease, "requests"), { as: clerk, json: request });
    assert.deepEqual((await atTenant.next("request-updated", { id: asked.id })).to, request.to);
    const decide = (as) => call("PATCH", leasePath(lease, `requests/${asked.id}`), { as, json: { status: "accepted" } });
    assert.equal((await decide(client)).status, 403);
    assert.equal((await decide(tenant)).status, 200);
  });

  test("client and notary hear each message, each deletion, each read mark and each request", async (t) => {
    const lease = await newLease();
    const { client, notary } = lease;
    const [atClient, atNotary] = [await listen(t, client), await listen(t, notary)];
    await atClient.subscribe(lease.channel);
    await atNotary.subscribe(lease.channel);
    await atClient.subscribe(client.ownChannel);
    const hello = await writes(client, lease, "Bonjour, <b>Maître</b>");
    const answer = await writes(notary, lease, "Bonjour !");
    for (const message of [hello, answer]) {
      for (const listener of [atClient, atNotary]) {
        assert.deepEqual(await listener.next("new-message", { id: message.id }), message);
      }
    }
    assert.deepEqual([hello.seq, hello.author.role, answer.seq, answer.author.role], [1, "client", 2, "notary"]);

    const { message: left } = await expecting(200, "DELETE", leasePath(lease, `messages/${hello.id}`), { as: client });
    const deleted = await atNotary.next("message-deleted", {});
    assert.deepEqual(deleted, { messageId: hello.id, seq: 1, deletedAt: left.deletedAt });
    await expecting(200, "PUT", leasePath(lease, "read"), { as: client, json: { seq: 2 } });
    const read = await atNotary.next("messages-read", { seq: 2 });
    assert.deepEqual(read.reader, { id: client.userId, role: "client" });
    const own = await atClient.next("conversation:read", {});
    assert.deepEqual([own.kind, own.bailId, own.seq, own.unreadCount], ["lease", lease.bailId, 2, 0]);

    const asked = await expecting(201, "POST", leasePath(lease, "requests"), { as: notary, json: { title: "Justificatif" } });
    assert.deepEqual(await atClient.next("request-updated", { status: "pending" }), asked);
    const accept = { as: client, json: { status: "accepted" } };
    const accepted = await expecting(200, "PATCH", leasePath(lease, `requests/${asked.id}`), accept);
    assert.deepEqual(await atNotary.next("request-updated", { status: "accepted" }), accepted);
    const { requests } = await expecting(200, "GET", leasePath(lease, "requests"), { as: client });
    assert.deepEqual(requests, [accepted]);
    const seat = await expecting(200, "GET", `/leases/${lease.bailId}`, { as: client });
    assert.deepEqual([seat.channel, seat.me.role, seat.unreadCount], [lease.channel, "client", 0]);
  });

  test("a client that missed messages reads on after its last number, and a poll without news is a 304", async () => {
    const lease = await newLease();
    for (const text of ["1", "2", "3"]) {
      await writes(lease.client, lease, text);
    }
    const { messages } = await expecting(200, "GET", leasePath(lease, "messages?after=1"), { as: lease.notary });
    assert.deepEqual(messages.map(({ seq }) => seq), [2, 3]);
    const page = await call("GET", leasePath(lease, "messages"), { as: lease.notary });
    const headers = { "if-none-match": page.headers.get("etag") };
    assert.equal((await call("GET", leasePath(lease, "messages"), { as: lease.notary, headers })).status, 304);
  });

  test("forbidden, malformed and repeated requests are refused", async () => {
    const lease = await newLease();
    const { client, notary } = lease;
    const message = await writes(client, lease, "1");
    const asked = await expecting(201, "POST", leasePath(lease, "requests"), { as: client, json: { title: "x" } });
    const routes = [
      ["GET", `/leases/${lease.bailId}`],
      ["GET", leasePath(lease, "messages")],
      ["POST", leasePath(lease, "messages"), { json: { content: "x" } }],
      ["DELETE", leasePath(lease, `messages/${message.id}`)],
      ["PUT", leasePath(lease, "read"), { json: { seq: 1 } }],
      ["GET", leasePath(lease, "requests")],
      ["POST", leasePath(lease, "requests"), { json: { title: "x" } }],
      ["PATCH", leasePath(lease, `requests/${asked.id}`), { json: { status: "accepted" } }],
    ];
    for (const [method, path, request] of routes) {
      await expecting(404, method, path, { as: person(), ...request });
      await expecting(401, method, path, request);
      await expecting(400, method, path.replace(lease.bailId, "not~an~id"), { as: client, ...request });
    }
    const bodies = [[400, { json: {} }], [413, { json: { x: "x".repeat(70_000) } }], [415, { form: { content: "x" } }]];
    for (const [status, request] of bodies) {
      for (const [method, path] of routes.filter(([, , body]) => body)) {
        await expecting(status, method, path, { as: notary, ...request });
      }
      await expecting(status, "PUT", `/leases/${lease.bailId}`, { as: service(), ...request });
    }
    await expecting(403, "DELETE", leasePath(lease, `messages/${message.id}`), { as: notary });
    await expecting(403, "PATCH", leasePath(lease, `requests/${asked.id}`), { as: client, json: { status: "accepted" } });
    await expecting(409, "PATCH", leasePath(lease, `requests/${asked.id}`), { as: notary, json: { status: "done" } });
    await expecting(400, "GET", leasePath(lease, "requests?cursor=x"), { as: client });
    for (const [route, field] of [["messages", "content"], ["requests", "title"]]) {
      const write = (text) => ({ as: client, json: { [field]: text }, headers: { "idempotency-key": "k" } });
      const first = await expecting(201, "POST", leasePath(lease, route), write("x"));
      const again = await call("POST", leasePath(lease, route), write("x"));
      assert.deepEqual([again.body, again.headers.get("idempotent-replayed")], [first, "true"]);
      await expecting(422, "POST", leasePath(lease, route), write("y"));
    }
    await expecting(403, "PUT", `/leases/${lease.bailId}`, { as: client, json: {} });
    await expecting(401, "PUT", `/leases/${lease.bailId}`, { json: {} });
    const same = { clientId: "a", notaryId: "a", title: "x" };
    await expecting(422, "PUT", `/leases/${newId("bail")}`, { as: service(), json: same });
    const stranger = { as: person(), form: { socket_id: SOCKET, channel_name: lease.channel } };
    await expecting(403, "POST", "/pusher/auth", stranger);
  });

  test("the two see each other come and go, and nobody else gets in", async (t) => {
    const lease = await newLease();
    const atClient = await listen(t, lease.client);
    await atClient.subscribe(lease.channel);
    const atNotary = await listen(t, lease.notary);
    await atNotary.subscribe(lease.channel);
    assert.equal((await atClient.next("pusher:member_added")).id, lease.notary.userId);
    atNotary.unsubscribe(lease.channel);
    assert.equal((await atClient.next("pusher:member_removed")).id, lease.notary.userId);
    assert.equal((await (await listen(t, person())).refusal(lease.channel)).status, 403);
  });
});

/** A lease, its notary listening, and a first message that the notary has heard. */
async function talking(t) {
  const lease = await newLease();
  const listener = await listen(t, lease.notary);
  await listener.subscribe(lease.channel);
  const first = await writes(lease.client, lease, "1");
  await listener.next("new-message", { id: first.id });
  return { lease, listener, first };
}

test("a talk goes on while Pusher is gone, and who comes back misses nothing", { skip: unavailable }, async (t) => {
  const { lease, listener, first } = await talking(t);
  await stopPusher(t);
  const release = await holdDeliveries(t);
  let meanwhile;
  try {
    meanwhile = [await writes(lease.client, lease, "2"), await writes(lease.notary, lease, "3")];
    await bringPusherBack(t, listener);
  } finally {
    await release();
  }
  for (const message of meanwhile) {
    assert.deepEqual(await listener.next("new-message", { id: message.id }), message);
  }
  const path = leasePath(lease, `messages?after=${first.seq}`);
  assert.deepEqual((await expecting(200, "GET", path, { as: lease.notary })).messages, meanwhile);
});

test("a function killed between sending and clearing sends a message again, as the same one", { skip: unavailable }, async (t) => {
  const { lease, listener } = await talking(t);
  // The server has the request, and takes it once it goes on; who sent it is dead by then.
  const release = await holdDeliveries(t);
  let message;
  try {
    await (isGateway ? delayPosts(t) : freezePusher(t));
    const before = await happened("heldPosts");
    message = await writes(lease.client, lease, "2");
    if (isGateway) {
      await until("a post that hangs", async () => (await happened("heldPosts")) > before);
    }
    assert.ok(killFunction("LeaseChat") > 0, "the function was not running");
    if (!isGateway) {
      await restorePusher();
    }
  } finally {
    await release();
  }
  assert.deepEqual(await listener.next("new-message", { id: message.id }), message);
  const { messages } = await expecting(200, "GET", leasePath(lease, "messages"), { as: lease.notary });
  assert.deepEqual(messages.map(({ seq }) => seq), [2, 1]);
  const next = await writes(lease.client, lease, "3");
  assert.deepEqual(await listener.next("new-message", { id: next.id }), next);
});

describe("E-mail about a lease's messages", { concurrency: 4 }, () => {
  test("a person who is away gets one at once, and one for the three messages within the window", async () => {
    const lease = await newLease();
    const { client, notary } = lease;
    const first = await writes(client, lease, "Bonjour <b>Maître</b>");
    const [mail] = await mailed(notary, 1);
    assert.equal(mail.Subject, "New message from Ada – 12 rue des Lilas");
    const link = `${stack.url}/leases/${lease.bailId}/chat#message-${first.id}`;
    assert.ok(mail.BodyText.includes(link) && mail.BodyHtml.includes(link), mail.BodyText);
    assert.ok(mail.BodyHtml.includes("Bonjour &lt;b&gt;Maître&lt;/b&gt;"), mail.BodyHtml);
    for (const text of ["1", "2", "3"]) {
      await writes(client, lease, text);
    }
    const [, summary] = await mailed(notary, 2);
    assert.equal(summary.Subject, "3 new messages from Ada – 12 rue des Lilas");
    assert.equal((await mailsTo(notary)).length, 2);
    assert.equal((await mailsTo(client)).length, 0);
  });

  test("a person who is in the chat gets none", async (t) => {
    const lease = await newLease();
    const atNotary = await listen(t, lease.notary);
    await atNotary.subscribe(lease.channel);
    const message = await writes(lease.client, lease, "Bonjour");
    await atNotary.next("new-message", { id: message.id });
    const row = { as: lease.client, json: { title: "x" } };
    await expecting(201, "POST", leasePath(lease, "requests"), row);
    await nothingIsOwedTo(lease.bailId);
    assert.deepEqual(await mailsTo(lease.notary), []);
  });

  test("the link in an e-mail shows a page with a button, and the button turns e-mail off", async () => {
    const lease = await newLease();
    await putLease(lease, { locale: "fr" });
    await writes(lease.client, lease, "Bonjour");
    const [mail] = await mailed(lease.notary, 1);
    assert.equal(mail.Subject, "Nouveau message de Ada – 12 rue des Lilas");
    const [link] = mail.BodyText.match(/http:\S+\/email\/unsubscribe\?\S+/);
    const path = link.replace(stack.url, "");
    const wants = async () =>
      (await expecting(200, "GET", "/notifications/preferences", { as: lease.notary })).types.MESSAGE.email;
    const page = await call("GET", path);
    assert.match(page.text, /<form method="post">/);
    assert.equal(page.status, 200);
    assert.equal(await wants(), true);
    await expecting(200, "POST", path, { form: { "List-Unsubscribe": "One-Click" } });
    assert.equal(await wants(), false);
    const forged = path.replace(/user=[^&]+/, `user=${lease.client.userId}`);
    await expecting(403, "POST", forged);
    await expecting(403, "GET", forged);
  });
});

describe("The page of a lease's chat", { skip: noBrowser }, () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  async function open(t, lease, side) {
    const context = await newContext(t, browser);
    const page = await context.newPage();
    const address = new URLSearchParams({ lease: lease.bailId, as: side, token: lease[side].token });
    await page.goto(`${stack.url}/examples/lease-chat?${address}`);
    await page.getByText("Live", { exact: true }).waitFor();
    return { context, page };
  }

  const itemsOn = (page) => page.getByRole("list", { name: "Messages" }).getByRole("listitem");
  const sends = async (page, text) => {
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
    await itemsOn(page).filter({ hasText: text }).waitFor();
  };

  test("two windows talk, see each other typing, delete, and one that was away gets an e-mail and misses nothing", async (t) => {
    const lease = await newLease();
    const { page: atClient } = await open(t, lease, "client");
    const { page: atNotary, context } = await open(t, lease, "notary");
    await atClient.getByText("Maître Durand is here").waitFor();
    await sends(atClient, "Bonjour Maître");
    await itemsOn(atNotary).filter({ hasText: "Bonjour Maître" }).waitFor();
    await sends(atNotary, "Bonjour Ada");
    await itemsOn(atClient).filter({ hasText: "Bonjour Ada" }).waitFor();
    await atNotary.getByRole("textbox", { name: "Message" }).pressSequentially("Je ");
    await atClient.getByText("Maître Durand is typing").waitFor();
    await atNotary.getByRole("textbox", { name: "Message" }).fill("");
    await itemsOn(atNotary).filter({ hasText: "Bonjour Ada" }).getByRole("button", { name: "Delete" }).click();
    await itemsOn(atClient).filter({ hasText: "(deleted)" }).waitFor();

    await atNotary.evaluate(() => pusher.disconnect());
    await atNotary.getByText("Pusher is out of reach; asking every 2 seconds").waitFor();
    await isAway(lease, lease.notary);
    // A page that polls has read what it got, and its user needs no e-mail.
    await context.setOffline(true);
    await sends(atClient, "Vous êtes là ?");
    await mailed(lease.notary, 1);
    for (const text of ["un", "deux", "trois"]) {
      await sends(atClient, text);
    }
    const mails = await mailed(lease.notary, 2);
    assert.deepEqual(mails.map(({ Subject }) => Subject.split(" – ")[0]), ["New message from Ada", "3 new messages from Ada"]);

    const asked = [];
    atNotary.on("request", (request) => asked.push(request.url()));
    await context.setOffline(false);
    await atNotary.evaluate(() => pusher.connect());
    await atNotary.getByText("Live", { exact: true }).waitFor();
    await itemsOn(atNotary).filter({ hasText: "trois" }).waitFor();
    assert.ok(asked.some((url) => url.includes("after=2")), asked.join("\n"));
    const shown = (await messagesShown(atNotary)).map(({ author, text }) => `${author}: ${text}`);
    assert.deepEqual(shown, ["Ada: Bonjour Maître", "Maître Durand: (deleted)", "Ada: Vous êtes là ?", "Ada: un", "Ada: deux", "Ada: trois"]);
    assert.equal((await mailsTo(lease.notary)).length, 2);
  });
});
