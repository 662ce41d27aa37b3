import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { beforeEach, describe, mock, test } from "node:test";

import { reconnectWhenEnded } from "carillon";

describe("After a close code for which pusher-js gives up", () => {
  let pusher, tries;

  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout"] });
    const events = new EventEmitter();
    tries = 0;
    pusher = {
      connect: () => (tries += 1),
      connection: {
        bind: (name, callback) => events.on(`on ${name}`, callback),
        unbind: (name, callback) => events.off(`on ${name}`, callback),
        emit: (name, data) => events.emit(`on ${name}`, data),
      },
    };
  });

  const close = (code) => {
    const fault = { type: "PusherError", data: { code } };
    pusher.connection.emit("error", fault);
    pusher.connection.emit("error", { type: "WebSocketError", error: fault });
  };

  test("4009: at once, and with growing delays if it comes again", () => {
    reconnectWhenEnded(pusher);
    close(4009);
    mock.timers.tick(0);
    assert.equal(tries, 1);
    for (const [ending, atLeast] of [500, 1000, 2000, 4000].entries()) {
      close(4009);
      mock.timers.tick(atLeast - 1);
      assert.equal(tries, ending + 1, "too soon");
      mock.timers.tick(atLeast + 1);
      assert.equal(tries, ending + 2, "too late");
    }
  });

  test("4009: never later than a minute", () => {
    reconnectWhenEnded(pusher);
    for (let ending = 0; ending < 20; ending += 1) {
      close(4009);
      mock.timers.tick(60_000);
    }
    assert.equal(tries, 20);
  });

  test("4009: at once again after a connection that lasted", () => {
    reconnectWhenEnded(pusher);
    close(4009);
    mock.timers.tick(0);
    pusher.connection.emit("state_change", { current: "connected" });
    mock.timers.tick(60_000);
    close(4009);
    mock.timers.tick(0);
    assert.equal(tries, 2);
  });

  test("4004, too many connections: after a minute", () => {
    reconnectWhenEnded(pusher);
    close(4004);
    mock.timers.tick(59_999);
    assert.equal(tries, 0);
    mock.timers.tick(1);
    assert.equal(tries, 1);
  });

  test("any other: nothing, as pusher-js handles it", () => {
    reconnectWhenEnded(pusher);
    for (const code of [1006, 4001, 4003, 4100, 4200]) {
      close(code);
    }
    pusher.connection.emit("error", { type: "PusherError", data: { code: 4009, message: "only said" } });
    mock.timers.tick(120_000);
    assert.equal(tries, 0);
  });

  test("nothing once it is stopped", () => {
    const stop = reconnectWhenEnded(pusher);
    close(4009);
    stop();
    close(4009);
    mock.timers.tick(120_000);
    assert.equal(tries, 0);
  });
});
