// An app's client: pusher-js, connected and authorized through Carillon. Every event is held against docs/asyncapi.yaml.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import Pusher from "pusher-js";

import { addressOf, checkEvent, isOwn } from "./asyncapi.mjs";
import { cleanUp } from "./cleanup.mjs";
import { noteEvent } from "./coverage.mjs";
import { server } from "./server.mjs";
import { connection, stack } from "./stack.mjs";
import { nothingIsOwedTo, owe } from "./table.mjs";
import { until } from "./wait.mjs";

const SUCCEEDED = "pusher:subscription_succeeded";
const FAILED = "pusher:subscription_error";

/**
 * Connects `user`, and disconnects at the end of the test `t`. `authorizer` replaces pusher-js's own way to ask for
 * authorization, and `authEndpoint` whom it asks; `foreign` names events that other back ends send, which no document of ours describes.
 */
export async function listen(t, user, { authorizer, authEndpoint = "/pusher/auth", foreign = [] } = {}) {
  const listener = new Listener(user, authorizer, authEndpoint, new Set(foreign));
  cleanUp(t, () => listener.close());
  await listener.connected();
  return listener;
}

/** How the integration guide's page asks for authorization: with JSON, and the token in a header. */
export const guidesAuthorizer = (user) => (channel) => ({
  authorize: async (socketId, callback) => {
    const response = await fetch(new URL("/pusher/auth", stack.url), {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${user.token}` },
      body: JSON.stringify({ socket_id: socketId, channel_name: channel.name }),
    });
    return response.ok ? callback(null, await response.json()) : callback(new Error("Authorization failed"), null);
  },
});

class Listener {
  #pusher;
  #foreign;
  #faults = [];
  #inbox = [];
  #history = [];
  #ends = 0;

  constructor(user, authorizer, authEndpoint, foreign) {
    const headers = { authorization: `Bearer ${user.token}` };
    const endpoint = (path) => ({ transport: "ajax", endpoint: new URL(path, stack.url).href, headers });
    this.#foreign = foreign;
    this.#pusher = new Pusher(stack.pusher.key, {
      ...connection,
      ...(authorizer ? { authorizer } : { channelAuthorization: endpoint(authEndpoint) }),
      userAuthentication: endpoint("/pusher/user-auth"),
    });
    this.#pusher.connection.bind("state_change", ({ previous }) => (this.#ends += previous === "connected"));
    this.#pusher.connection.bind("message", ({ event, data }) => {
      if (event === "pusher:signin_success") {
        this.#receive(null, event, data);
      }
    });
    this.#pusher.user.bind_global((event, data) => this.#receive(null, event, data));
  }

  /** Waits until the connection is open. */
  connected() {
    return until("pusher-js's connection", () => this.#pusher.connection.state === "connected");
  }

  /** Subscribes, and resolves to what the subscription tells: on a presence channel, the members. */
  async subscribe(channelName) {
    const { event, data } = await this.#subscription(channelName);
    assert.equal(event, SUCCEEDED, `the subscription to ${channelName} was refused: ${JSON.stringify(data)}`);
    return data;
  }

  /** Subscribes, and resolves to the refusal that pusher-js reports. */
  async refusal(channelName) {
    const { event, data } = await this.#subscription(channelName);
    assert.equal(event, FAILED, `the subscription to ${channelName} was not refused`);
    return data;
  }

  async #subscription(channelName) {
    this.#pusher.subscribe(channelName).bind_global((event, data) => this.#receive(channelName, event, data));
    return this.#take(`an answer to the subscription to ${channelName}`, isOutcomeFor(channelName));
  }

  /** Reconnects after a drop, and waits until every channel is subscribed to again. */
  async reconnect() {
    const channels = this.#channels();
    this.#pusher.disconnect();
    // pusher-js may have come back by itself meanwhile; those subscriptions have just ended with the connection.
    this.#inbox = this.#inbox.filter(({ event }) => event !== SUCCEEDED && event !== FAILED);
    this.#pusher.connect();
    for (const name of channels) {
      await this.#take(`the subscription to ${name} after reconnecting`, isOutcomeFor(name));
    }
    this.#ends = 0;
  }

  /** The id of the connection. */
  get socketId() {
    return this.#pusher.connection.socket_id;
  }

  /** Waits until the server has ended the connection. pusher-js may be back by then: a second after the close code 1000. */
  ended() {
    return until("the end of the connection", () => this.#ends > 0);
  }

  /** Says something to the others on a channel, as `client-…`. */
  trigger(channelName, event, data) {
    assert.ok(this.#pusher.channel(channelName).trigger(event, data), `${event} was not sent`);
  }

  unsubscribe(channelName) {
    this.#pusher.unsubscribe(channelName);
  }

  /** Signs the user in to Pusher, and resolves to the user data that Pusher confirms. */
  async signIn() {
    this.#pusher.signin();
    const { data } = await this.#take("pusher:signin_success", ({ event }) => event === "pusher:signin_success");
    await this.#pusher.user.signinDonePromise;
    await until("the channel of the signed-in user", () => this.#pusher.user.serverToUserChannel?.subscribed);
    return JSON.parse(data.user_data);
  }

  /**
   * Resolves to the data of the next event of this name that no call has taken yet. `about` narrows it to events whose
   * data has these values, such as `{ userId }`, or fulfils a condition.
   */
  async next(event, about = {}) {
    const what = `${event} ${typeof about === "function" ? about : JSON.stringify(about)}`;
    return (await this.#take(what, isAbout(event, about))).data;
  }

  /**
   * Fails when an event that `next` would have taken is here, or comes before everything is delivered that its channels are owed
   * now. It is as sure after a second as after a minute: what `Delivery` gets later than that has arrived before.
   */
  async none(event, about = {}) {
    await nothingIsOwedTo(...this.#channels());
    await this.#passed((marker) => owe(marker));
    this.mustBeWithout(event, about);
  }

  /** The same while nothing is delivered from the table: what comes from Pusher's own API later than that has arrived before. */
  async noneFromPusher(event, about = {}) {
    await this.#passed(({ channel, event: name }) => server.trigger(channel, name, {}));
    this.mustBeWithout(event, about);
  }

  /** Fails when an event that `next` would have taken is here. */
  mustBeWithout(event, about = {}) {
    this.#mustBeSound();
    const extra = this.#inbox.filter(isAbout(event, about));
    assert.deepEqual(extra.map(({ data }) => data), [], `${event} came, and should not have`);
  }

  /** Resolves once an event has come over this connection that is sent now. */
  async #passed(send) {
    const marker = { channel: `marker-${randomUUID()}`, event: "marker" };
    const channel = this.#pusher.subscribe(marker.channel);
    await until("the subscription to the marker's channel", () => channel.subscribed);
    let hasPassed = false;
    channel.bind(marker.event, () => (hasPassed = true));
    await send(marker);
    await until("the marker", () => hasPassed);
    this.#pusher.unsubscribe(marker.channel);
  }

  #channels() {
    return this.#pusher.allChannels().map(({ name }) => name);
  }

  /** The names of all events so far that are about this, in the order in which they came. */
  names(about) {
    return this.#history.filter(({ data }) => fits(about, data)).map(({ event }) => event);
  }

  /** The data of all events so far that are about this, in that order. */
  history(about) {
    return this.#history.filter(({ data }) => fits(about, data)).map(({ data }) => data);
  }

  close() {
    this.#pusher.disconnect();
    this.#mustBeSound();
  }

  async #take(what, wanted) {
    const entry = await until(what, () => this.#faults.length > 0 || this.#inbox.find(wanted));
    this.#mustBeSound();
    this.#inbox.splice(this.#inbox.indexOf(entry), 1);
    return entry;
  }

  // A callback of pusher-js cannot fail a test, so faults are kept for the test to find.
  #receive(channelName, event, data) {
    // How many there are is a setting of the stack, and about others: pusher-gateway.test.mjs looks at it.
    if (event === "pusher:subscription_count") {
      return;
    }
    const entry = { channelName, event, data: structuredClone(data) };
    this.#inbox.push(entry);
    this.#history.push(entry);
    if (this.#foreign.has(event) || (channelName !== null && isOwn(channelName))) {
      return;
    }
    try {
      const address = channelName === null ? null : addressOf(channelName);
      checkEvent(address, event, { ...data });
      noteEvent(address, event);
    } catch (fault) {
      this.#faults.push(fault);
    }
  }

  #mustBeSound() {
    if (this.#faults.length > 0) {
      throw this.#faults[0];
    }
  }
}

const fits = (about, data) =>
  typeof about === "function" ? about(data) : Object.entries(about).every(([key, value]) => data?.[key] === value);

const isAbout = (name, about) => ({ event, data }) => event === name && fits(about, data);

const isOutcomeFor = (channelName) => (entry) =>
  entry.channelName === channelName && (entry.event === SUCCEEDED || entry.event === FAILED);
