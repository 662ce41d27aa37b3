import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { beforeEach, describe, mock, test } from "node:test";

import { keepSubscribed } from "carillon";

describe("A channel that is kept subscribed", () => {
  let channel, pusher, tries;

  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout"] });
    const events = new EventEmitter();
    tries = 0;
    channel = {
      name: "private-user-ada",
      subscribed: false,
      subscriptionPending: false,
      subscribe: () => (tries += 1),
      bind: (name, callback) => events.on(name, callback),
      unbind: (name, callback) => events.off(name, callback),
      emit: (name, data) => events.emit(name, data),
    };
    pusher = { connection: { state: "connected" }, channel: () => channel };
  });

  const fails = (status) => channel.emit("pusher:subscription_error", { type: "AuthError", error: "…", status });

  test("asks again after a failure of the server, a limit, a time-out, or no response at all", () => {
    keepSubscribed(pusher, channel);
    for (const [asked, status] of [500, 502, 503, 429, 408, 0, undefined].entries()) {
      fails(status);
      mock.timers.tick(60_000);
      assert.equal(tries, asked + 1, String(status));
    }
  });

  test("asks with growing delays, and soon again after a subscription", () => {
    keepSubscribed(pusher, channel);
    for (const [failure, atLeast] of [500, 1000, 2000, 4000].entries()) {
      fails(500);
      mock.timers.tick(atLeast - 1);
      assert.equal(tries, failure, "too soon");
      mock.timers.tick(atLeast + 1);
      assert.equal(tries, failure + 1, "too late");
    }
    channel.emit("pusher:subscription_succeeded", {});
    fails(500);
    mock.timers.tick(1000);
    assert.equal(tries, 5);
  });

  test("does not ask again after a refusal", () => {
    keepSubscribed(pusher, channel);
    for (const status of [400, 401, 403, 404, 413]) {
      fails(status);
    }
    mock.timers.tick(120_000);
    assert.equal(tries, 0);
  });

  test("does not ask for a channel that is subscribed, being subscribed, unsubscribed, or without a connection", () => {
    keepSubscribed(pusher, channel);
    const others = [
      () => Object.assign(channel, { subscribed: true }),
      () => Object.assign(channel, { subscribed: false, subscriptionPending: true }),
      () => Object.assign(channel, { subscriptionPending: false }) && (pusher.connection.state = "connecting"),
      () => (pusher.connection.state = "connected") && (pusher.channel = () => undefined),
    ];
    for (const become of others) {
      become();
      fails(500);
      mock.timers.tick(60_000);
      assert.equal(tries, 0, String(become));
    }
  });

  test("does nothing once it is stopped", () => {
    const stop = keepSubscribed(pusher, channel);
    fails(500);
    stop();
    fails(500);
    mock.timers.tick(60_000);
    assert.equal(tries, 0);
  });
});
