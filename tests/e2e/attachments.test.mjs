// Files of messages in every chat: uploaded by a form, sent, read by a link, removed.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { aws } from "./support/aws.mjs";
import { guestListening, guestPath, hire, staffPath } from "./support/guest-chat.mjs";
import { leasePath, newLease } from "./support/lease-chat.mjs";
import { listen } from "./support/listener.mjs";
import { guestOf, newHotel, person, service } from "./support/people.mjs";
import { introduce } from "./support/party.mjs";
import { connectIo } from "./support/sockets.mjs";
import { until } from "./support/wait.mjs";

/** A picture of one pixel. */
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const FILE = { name: "Plan é.png", type: "image/png", size: PICTURE.length };
const SOME_ID = "0".repeat(32);

/** A side of a chat over HTTP: its caller, the addresses of its routes, and what its messages call their text. */
const side = (as, path, field) => ({
  as,
  path,
  ask: (file = FILE, headers = {}) => call("POST", path("attachments"), { as, json: file, headers }),
  link: (id) => call("GET", path(`attachments/${id}`), { as }),
  async write(text, ids, status = 201) {
    return expecting(status, "POST", path("messages"), { as, json: { [field]: text, attachmentIds: ids } });
  },
});

async function guestChat() {
  const guest = guestOf(newHotel());
  const nora = await hire(guest.hotel);
  const ofGuest = side(guest, (route) => guestPath(guest, route), "message");
  return { guest, ofGuest, ofStaff: side(nora, (route) => staffPath(guest, route), "message") };
}

async function leaseChat() {
  const lease = await newLease();
  const [ofClient, ofNotary] = [lease.client, lease.notary].map((as) => side(as, (route) => leasePath(lease, route), "content"));
  return { lease, ofClient, ofNotary };
}

function direct() {
  const [ada, grace] = [person("Ada"), person("Grace")];
  const to = (other) => (route) => `/messages/${other.userId}/${route}`;
  return { ada, grace, ofAda: side(ada, to(grace)), ofGrace: side(grace, to(ada)) };
}

/** Posts a form with a file, as a page does. */
function post({ url, fields }, content = PICTURE, changes = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) {
    form.append(name, value);
  }
  form.append("file", new Blob([content]), "plan.png");
  return fetch(url, { method: "POST", body: form });
}

/** Uploads the picture; resolves to its id and the form. */
async function uploaded(side) {
  const { status, body } = await side.ask();
  assert.equal(status, 201);
  assert.equal((await post(body)).status, 204);
  return { id: body.attachmentId, form: body };
}

const shown = (id) => [{ id, ...FILE }];

/** The tags of the object at this address in the emulator. */
async function tagsAt(address) {
  const { body } = await aws("s3", `${new URL(address).pathname}?tagging`, { method: "GET" });
  return body;
}

/** The tags of what a form uploaded. */
const tagsOf = ({ url, fields }) => tagsAt(`${url}${fields.key}`);

describe("Attachments", { concurrency: 4 }, () => {
  test("a guest's file reaches the staff, and the other way round", async (t) => {
    const { guest, ofGuest, ofStaff } = await guestChat();
    const atGuest = await guestListening(t, guest);
    for (const [sender, reader] of [
      [ofGuest, ofStaff],
      [ofStaff, ofGuest],
    ]) {
      const { id, form } = await uploaded(sender);
      assert.match(await tagsOf(form), /<Value>unsent</);
      const { message } = await sender.write("", [id]);
      assert.deepEqual([message.message, message.attachments], ["", shown(id)]);
      const { message: heard } = await atGuest.next("realtime_event", (data) => data.message?.id === message.id);
      assert.deepEqual(heard, message);
      const { body: link } = await reader.link(id);
      const read = await fetch(link.url);
      assert.deepEqual([read.status, read.headers.get("content-type")], [200, "image/png"]);
      assert.match(read.headers.get("content-disposition"), /^inline; filename="Plan _.png"; filename\*=UTF-8''Plan%20%C3%A9.png$/);
      assert.deepEqual(Buffer.from(await read.arrayBuffer()), PICTURE);
      await until("the bucket to keep it", async () => !(await tagsAt(link.url)).includes("unsent"));
      assert.equal((await post(form, Buffer.alloc(PICTURE.length))).status, 204, "the form is still good");
      assert.deepEqual(Buffer.from(await (await fetch((await reader.link(id)).body.url)).arrayBuffer()), PICTURE);
      assert.equal((await sender.write("Again", [id], 409)).error, "Conflict");
    }
  });

  test("a lease's file goes with its message", async (t) => {
    const { lease, ofClient, ofNotary } = await leaseChat();
    const atNotary = await listen(t, lease.notary);
    await atNotary.subscribe(lease.channel);
    const { id, form } = await uploaded(ofClient);
    const { message } = await ofClient.write("Voici", [id]);
    assert.deepEqual((await atNotary.next("new-message", { id: message.id })).attachments, shown(id));
    const { body: link } = await ofNotary.link(id);
    assert.equal((await fetch(link.url)).status, 200);
    assert.equal((await ofClient.write("Encore", [id], 409)).error, "Conflict");
    const { message: left } = await expecting(200, "DELETE", ofClient.path(`messages/${message.id}`), { as: lease.client });
    assert.equal(left.attachments, undefined);
    assert.equal((await ofNotary.link(id)).status, 404);
    await until("the bucket to lose it", async () => (await fetch(link.url)).status === 404);
    assert.equal((await post(form)).status, 204, "the form is good for its quarter of an hour");
    assert.equal((await ofNotary.link(id)).status, 404);
    assert.match(await tagsOf(form), /unsent/, "and what it puts there expires");
  });

  test("a direct message's file goes over the socket, and with its sender", async (t) => {
    const { ada, grace, ofAda, ofGrace } = direct();
    const [atAda, atGrace] = [connectIo(t, "ws", ada), connectIo(t, "ws", grace)];
    await until("both", () => atAda.socket.connected && atGrace.socket.connected);
    const { id } = await uploaded(ofAda);
    const send = (attachmentIds) => atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: "", attachmentIds });
    const sent = await send([id]);
    assert.deepEqual([sent.data.content, sent.data.attachments], ["", shown(id)]);
    assert.deepEqual((await atGrace.next("message:new")).attachments, shown(id));
    const { messages } = await expecting(200, "GET", `/messages/${ada.userId}`, { as: grace });
    assert.deepEqual(messages[0].attachments, shown(id));
    const { body: link } = await ofGrace.link(id);
    assert.equal((await fetch(link.url)).status, 200);
    assert.equal((await send([SOME_ID])).error.error, "Unprocessable Entity");
    const erase = () => expecting(200, "DELETE", `/users/${ada.userId}`, { as: service() });
    await until("the erasure", async () => (await erase()).done);
    await until("the bucket to lose it", async () => (await fetch(link.url)).status === 404);
  });

  test("a back end uploads for its user", async () => {
    const { lease, ofClient } = await leaseChat();
    const asService = { as: service(), headers: { "on-behalf-of": lease.client.userId } };
    const form = await expecting(201, "POST", ofClient.path("attachments"), { ...asService, json: FILE });
    assert.equal((await post(form)).status, 204);
    const json = { content: "Voici", attachmentIds: [form.attachmentId] };
    const { message } = await expecting(201, "POST", ofClient.path("messages"), { ...asService, json });
    assert.deepEqual([message.author.id, message.attachments], [lease.client.userId, shown(form.attachmentId)]);
  });

  test("the bucket takes what was asked for and shows nothing without a link", async () => {
    const { ofGuest } = await guestChat();
    const { body: form } = await ofGuest.ask();
    const refused = async (content, changes) => {
      const response = await post(form, content, changes);
      return [response.status, /<Code>(\w+)/.exec(await response.text())?.[1]];
    };
    assert.deepEqual(await refused(PICTURE.subarray(1)), [400, "EntityTooSmall"]);
    assert.deepEqual(await refused(Buffer.concat([PICTURE, PICTURE])), [400, "EntityTooLarge"]);
    assert.deepEqual(await refused(PICTURE, { "Content-Type": "text/html" }), [403, "AccessDenied"]);
    assert.deepEqual(await refused(PICTURE, { key: "chats/other" }), [403, "AccessDenied"]);
    assert.deepEqual(await refused(PICTURE, { acl: "public-read" }), [403, "AccessDenied"]);
    assert.deepEqual(await refused(PICTURE, { "x-amz-signature": "0".repeat(64) }), [403, "SignatureDoesNotMatch"]);
    assert.equal((await post(form)).status, 204);
    const { body: link } = await ofGuest.link(form.attachmentId);
    assert.equal((await fetch(link.url)).status, 200);
    assert.equal((await fetch(link.url.split("?")[0])).status, 403, "without a signature");
    assert.equal((await fetch(link.url.replace("image%2Fpng", "text%2Fhtml"))).status, 403, "with another type");
    assert.equal((await fetch(`${form.url}?list-type=2`)).status, 403, "a list");
  });

  test("bad requests for uploads and links are refused", async (t) => {
    const { ofGuest, ofStaff } = await guestChat();
    const { ofClient } = await leaseChat();
    const { ada, grace, ofAda } = direct();
    await introduce(grace);
    const atAda = connectIo(t, "ws", ada);
    await until("a connection", () => atAda.socket.connected);
    const [stranger, elsewhere] = [person("Eve"), guestOf(newHotel())];
    await introduce(stranger);
    const forbidden = new Map([
      [ofGuest, { as: elsewhere }],
      [ofStaff, { as: stranger }],
      [ofClient, { as: ofClient.as, headers: { "on-behalf-of": stranger.userId } }],
      [ofAda, { as: ofAda.as, headers: { "on-behalf-of": stranger.userId } }],
    ]);
    for (const side of [ofGuest, ofStaff, ofClient, ofAda]) {
      const [upload, open] = [side.path("attachments"), side.path(`attachments/${SOME_ID}`)];
      for (const bad of [{ size: 0 }, { size: 1e9 }, { type: "image/svg+xml" }, { name: "a/b.png" }, { more: 1 }]) {
        await expecting(400, "POST", upload, { as: side.as, json: { ...FILE, ...bad } });
      }
      await expecting(401, "POST", upload, { json: FILE });
      await expecting(403, "POST", upload, { ...forbidden.get(side), json: FILE });
      await expecting(413, "POST", upload, { as: side.as, json: { ...FILE, name: "x".repeat(70_000) } });
      await expecting(415, "POST", upload, { as: side.as, body: "a file", headers: { "content-type": "text/plain" } });
      const headers = { "idempotency-key": randomUUID() };
      const { body: form } = await side.ask(FILE, headers);
      assert.equal((await side.ask(FILE, headers)).headers.get("idempotent-replayed"), "true");
      assert.equal((await side.ask({ ...FILE, size: 7 }, headers)).status, 422);
      assert.equal((await post(form)).status, 204);
      const ids = [form.attachmentId];
      if (side === ofAda) {
        await atAda.socket.emitWithAck("sendMessage", { receiverId: grace.userId, content: "Look", attachmentIds: ids });
      } else {
        await side.write("Look", ids);
        assert.equal((await side.write("Again", ids, 409)).error, "Conflict");
      }
      assert.equal((await side.ask(FILE, headers)).status, 409, "it was sent");

      await expecting(400, "GET", `${open}?inline=1`, { as: side.as });
      await expecting(401, "GET", open);
      await expecting(403, "GET", open, forbidden.get(side));
      await expecting(404, "GET", open, { as: side.as });
    }
    await expecting(404, "POST", ofClient.path("attachments"), { as: stranger, json: FILE });
    assert.equal((await ofGuest.write("Look", [SOME_ID], 422)).error, "Unprocessable Entity");
    assert.equal((await ofGuest.write("Look", ["x"], 400)).error, "Bad Request");
  });
});
