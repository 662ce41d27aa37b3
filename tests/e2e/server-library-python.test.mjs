// Pusher's library for Python, unchanged: as a back end that sends to Carillon, asks it who is there, and authorizes clients. Its
// `terminate_user_connections` is left out: it names no app, which Pusher's API does not have.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import Pusher from "pusher-js";

import { cleanUp } from "./support/cleanup.mjs";
import { newId } from "./support/people.mjs";
import { connection, stack } from "./support/stack.mjs";
import { LIMIT, inTime, until } from "./support/wait.mjs";
import { sendWebhook, signatureOf, webhookBody } from "./support/webhook.mjs";

const SHIPPED = "order-shipped";
const { appId, key, secret, encryptionMasterKeyBase64 } = stack.pusher;
const { hostname: host, port } = new URL(stack.url);

/** A Python process with the library. Calls are answered in order. */
class Backend {
  #process;
  #lines;

  constructor(python, options = {}) {
    this.#process = spawn(python, [fileURLToPath(new URL("clients/pusher_backend.py", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    const own = { app_id: appId, key, secret, host, port: Number(port), ssl: false, timeout: LIMIT / 1000 };
    this.#say({ ...own, encryption_master_key_base64: encryptionMasterKeyBase64, ...options });
  }

  #say(message) {
    this.#process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** Resolves to the result of the library, or to its exception as `{ error, message }`. */
  async outcome(call, ...args) {
    this.#say({ call, args });
    const { value, done } = await inTime(`${call} of Python's library`, this.#lines.next());
    assert.ok(!done, "the Python process has ended; what it said is above");
    return JSON.parse(value);
  }

  async call(call, ...args) {
    const { result, error, message } = await this.outcome(call, ...args);
    assert.equal(error, undefined, `${call}: ${message}`);
    return result;
  }

  end() {
    this.#process.kill();
  }
}

describe("A back end in Python", () => {
  let backend;

  before(() => {
    assert.ok(process.env.CARILLON_PYTHON, "`cargo local test` installs Pusher's library for Python; without it, CARILLON_PYTHON names a Python that has it");
    backend = new Backend(process.env.CARILLON_PYTHON);
  });

  after(() => backend?.end());

  /** A client that this back end authorizes, with the user's data on presence channels. */
  async function client(t, user) {
    const settled = (answer, callback) => answer.then((data) => callback(null, data), (error) => callback(error, null));
    const pusher = new Pusher(key, {
      ...connection,
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, callback) =>
          settled(backend.call("authenticate", channelName, socketId, ...(channelName.startsWith("presence-") ? [{ user_id: user, user_info: { name: user } }] : [])), callback),
      },
      userAuthentication: { customHandler: ({ socketId }, callback) => settled(backend.call("authenticate_user", socketId, { id: user }), callback) },
    });
    cleanUp(t, () => pusher.disconnect());
    await until("pusher-js's connection", () => pusher.connection.state === "connected");
    return pusher;
  }

  async function subscribed(pusher, name) {
    const channel = pusher.subscribe(name);
    await inTime(
      `the subscription to ${name}`,
      new Promise((resolve, reject) => channel.bind("pusher:subscription_succeeded", resolve).bind("pusher:subscription_error", reject)),
    );
    return channel;
  }

  const next = (channel, event = SHIPPED) => inTime(`${event} on ${channel.name}`, new Promise((resolve) => channel.bind(event, resolve)));

  test("authorizes clients, and sends them events on every type of channel", async (t) => {
    const [pusher, ending] = [await client(t, newId("user")), newId("order")];
    for (const type of ["", "private-", "private-encrypted-", "presence-"]) {
      const channel = await subscribed(pusher, `${type}${ending}`);
      const event = next(channel);
      assert.deepEqual(await backend.call("trigger", channel.name, SHIPPED, { to: channel.name }), {});
      assert.deepEqual(await event, { to: channel.name });
    }
  });

  test("sends to several channels, and a batch", async (t) => {
    const pusher = await client(t, newId("user"));
    const channels = [await subscribed(pusher, newId("one")), await subscribed(pusher, newId("other"))];
    const names = channels.map(({ name }) => name);
    const events = Promise.all(channels.map((channel) => next(channel)));
    await backend.call("trigger", names, SHIPPED, { n: 1 });
    assert.deepEqual(await events, [{ n: 1 }, { n: 1 }]);
    const batch = Promise.all(channels.map((channel) => next(channel, "batched")));
    assert.deepEqual(await backend.call("trigger_batch", names.map((channel) => ({ channel, name: "batched", data: { to: channel } }))), {});
    assert.deepEqual(await batch, names.map((to) => ({ to })));
  });

  test("excludes the connection that caused an event", async (t) => {
    const [pusher, other] = [await client(t, newId("user")), await client(t, newId("user"))];
    const name = newId("order");
    const [own, its] = [await subscribed(pusher, name), await subscribed(other, name)];
    const heard = [];
    own.bind(SHIPPED, ({ n }) => heard.push(n));
    const first = next(its);
    await backend.call("trigger", name, SHIPPED, { n: 1 }, pusher.connection.socket_id);
    assert.deepEqual(await first, { n: 1 });
    await backend.call("trigger", name, SHIPPED, { n: 2 });
    await until("the second event", () => heard.includes(2));
    assert.deepEqual(heard, [2]);
  });

  test("asks which channels are occupied, and who is there", async (t) => {
    const user = newId("user");
    const channel = await subscribed(await client(t, user), `presence-${newId("lobby")}`);
    // The local Pusher server keeps its list for two seconds.
    const listed = await until("the channel in the list", async () => {
      const { channels } = await backend.call("channels_info", channel.name, ["user_count"]);
      return channels[channel.name] && channels;
    });
    assert.deepEqual(listed, { [channel.name]: { user_count: 1 } });
    const { occupied, user_count: count } = await backend.call("channel_info", channel.name, ["user_count"]);
    assert.deepEqual([occupied, count], [true, 1]);
    assert.deepEqual(await backend.call("users_info", channel.name), { users: [{ id: user }] });
    assert.equal((await backend.outcome("users_info", newId("news"))).error, "PusherBadRequest");
  });

  test("signs a user in, and sends to the user", async (t) => {
    const user = newId("user");
    const pusher = await client(t, user);
    pusher.signin();
    await pusher.user.signinDonePromise;
    await until("the channel of the user", () => pusher.user.serverToUserChannel?.subscribed);
    const event = inTime("the event", new Promise((resolve) => pusher.user.bind(SHIPPED, resolve)));
    await backend.call("trigger", `#server-to-user-${user}`, SHIPPED, { to: "you" });
    assert.deepEqual(await event, { to: "you" });
  });

  test("verifies the webhooks that Carillon takes, and no other", async () => {
    const body = webhookBody([]);
    assert.equal((await sendWebhook(body)).status, 200);
    assert.deepEqual(await backend.call("validate_webhook", key, signatureOf(body), body), JSON.parse(body));
    assert.equal(await backend.call("validate_webhook", key, signatureOf(body, "forged"), body), null);
    assert.equal(await backend.call("validate_webhook", "another", signatureOf(body), body), null);
  });

  test("is refused with another secret", async (t) => {
    const forger = new Backend(process.env.CARILLON_PYTHON, { secret: "forged" });
    cleanUp(t, () => forger.end());
    assert.equal((await forger.outcome("trigger", newId("news"), SHIPPED, {})).error, "PusherBadAuth");
  });
});
