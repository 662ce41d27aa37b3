import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";

import { CarillonProvider, useChannel, usePusher } from "carillon/react";
import { Window } from "happy-dom";
import Pusher from "pusher-js";
import { createElement as h, StrictMode } from "react";

import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const window = new Window();
for (const [name, value] of Object.entries({ window, document: window.document, navigator: window.navigator })) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
const { createRoot } = await import("react-dom/client");
after(() => window.happyDOM.close());

/** For conditions that need several attempts with growing delays. */
const PATIENCE = 30_000;

describe("In React", () => {
  let server, root;

  beforeEach(async () => {
    server = await startServer();
    root = createRoot(document.createElement("div"));
  });
  afterEach(async () => {
    root.unmount();
    await until("end of every connection", () => server.sockets.size === 0);
    await server.close();
  });

  /** An app whose signed-in user, token and components the test chooses. */
  const render = (children, { userId = "ada", token = "ada", strict = false, ...props } = {}) => {
    const app = h(CarillonProvider, { ...server.options, userId, token, ...props }, children);
    root.render(strict ? h(StrictMode, null, app) : app);
  };
  const subscribed = (channel, times = 1) => () => server.subscriptions.filter((name) => name === channel).length === times;
  const subscriptionsAsked = (channel) =>
    server.heard.filter(({ event, data }) => event === "pusher:subscribe" && data.channel === channel).length;

  /** Renders what a hook returns into `seen`. */
  function Watch({ use, seen }) {
    seen.push(use());
    return null;
  }

  const invitation = { partyId: "p-1", partyName: "Readers", invitedBy: { id: "ben", username: "Ben" }, invitedAt: "2026-11-20T05:18:15.123Z" };

  test("callbacks that are written inline neither connect nor subscribe again, and the newest is called", async () => {
    const heard = [];
    const seen = [];
    for (let rendering = 0; rendering < 30; rendering += 1) {
      const use = () => usePusher({ onPartyInvitation: (invitation) => heard.push({ rendering, invitation }) });
      render(h(Watch, { use, seen }));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until("subscription", subscribed("private-user-ada"));
    assert.equal(server.count, 1);
    assert.equal(subscriptionsAsked("private-user-ada"), 1);

    server.send("private-user-ada", "party-invitation-received", invitation);
    await until("invitation", () => heard.length > 0);
    assert.deepEqual(heard, [{ rendering: 29, invitation }]);
    await until("rendering", () => seen.at(-1).isConnected && seen.at(-1).isSubscribed);
    assert.equal(seen.at(-1).error, null);
  });

  test("a component that renders on every event does not connect again", async () => {
    const { useState } = await import("react");
    function Counter() {
      const [count, setCount] = useState(0);
      usePusher({ onKudos: () => setCount(count + 1) });
      return count;
    }
    render(h(Counter));
    await until("subscription", subscribed("private-user-ada"));
    for (let sent = 0; sent < 5; sent += 1) {
      server.send("private-user-ada", "kudos:received", {});
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(server.count, 1);
    assert.equal(subscriptionsAsked("private-user-ada"), 1);
  });

  test("strict mode makes one connection alone, so none ends before it is open", async () => {
    let made = 0;
    class Counted extends Pusher {
      constructor(...args) {
        super(...args);
        made += 1;
      }
    }
    render(h(Watch, { use: usePusher, seen: [] }), { strict: true, Pusher: Counted });
    await until("subscription", subscribed("private-user-ada"));
    assert.equal(made, 1);
    assert.equal(server.sockets.size, 1);
  });

  test("an app that is unmounted at once does not connect", async () => {
    render(null);
    root.render(null);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(server.count, 0);
  });

  test("a new token makes no new connection, and is used for the next request", async () => {
    const user = h(Watch, { key: 1, use: usePusher, seen: [] });
    render([user]);
    await until("subscription", subscribed("private-user-ada"));
    render([user, h(Watch, { key: 2, use: () => useChannel("private-party-1"), seen: [] })], { token: "renewed" });
    await until("subscription to the party", subscribed("private-party-1"));
    assert.equal(server.asked.at(-1).token, "renewed");
    assert.equal(server.count, 1);
  });

  test("another user gets another connection, and without a user there is none", async () => {
    const children = h(Watch, { use: usePusher, seen: [] });
    render(children);
    await until("Ada's subscription", subscribed("private-user-ada"));
    render(children, { userId: "ben", token: "ben" });
    await until("Ben's subscription alone", () => server.sockets.size === 1 && subscribed("private-user-ben")());
    render(children, { userId: null });
    await until("end", () => server.sockets.size === 0);
  });

  test("components share a channel, and the last one unsubscribes", async () => {
    const party = (key) => h(Watch, { key, use: () => useChannel("private-party-1"), seen: [] });
    render([party(1), party(2)]);
    await until("subscription", subscribed("private-party-1"));
    render([party(1)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(subscribed("private-party-1")(), "the other component still has it");
    render([]);
    await until("unsubscription", subscribed("private-party-1", 0));
    assert.equal(subscriptionsAsked("private-party-1"), 1);
  });

  test("a party's update reaches usePusher when any component has subscribed", async () => {
    const updates = [];
    render([
      h(Watch, { key: 1, use: () => usePusher({ onPartyUpdate: (update) => updates.push(update.updateType) }), seen: [] }),
      h(Watch, { key: 2, use: () => useChannel("private-party-1"), seen: [] }),
    ]);
    await until("subscription", subscribed("private-party-1"));
    server.send("private-party-1", "party-updated", { updateType: "member-joined" });
    await until("update", () => updates.length > 0);
    assert.deepEqual(updates, ["member-joined"]);
  });

  test("a presence channel lists its members", async () => {
    const seen = [];
    render(h(Watch, { use: () => useChannel("presence-party-1"), seen }));
    await until("the user in the list", () => seen.at(-1)?.members.length === 1);
    assert.deepEqual(seen.at(-1).members, [{ id: "ada", info: { username: "ada" } }]);
    const member = { user_id: "ben", user_info: { username: "Ben" } };
    server.send("presence-party-1", "pusher_internal:member_added", member);
    await until("another", () => seen.at(-1).members.length === 2);
    server.send("presence-party-1", "pusher_internal:member_removed", { user_id: "ben" });
    await until("one again", () => seen.at(-1).members.length === 1);
  });

  test("a refused subscription is shown", async () => {
    server.answer = ({ path }) => (path === "/pusher/auth" ? { status: 401, body: { message: "The token has expired; sign in again" } } : undefined);
    const seen = [];
    render(h(Watch, { use: usePusher, seen }));
    await until("refusal", () => seen.at(-1)?.error);
    assert.equal(seen.at(-1).error.message, "The token has expired; sign in again");
    assert.equal(seen.at(-1).isConnected, true);
    assert.equal(seen.at(-1).isSubscribed, false);
  });

  test("an authorization that keeps failing is shown, and the channel is subscribed once Carillon has recovered", async () => {
    let isDown = true;
    server.answer = ({ path }) => (isDown && path === "/pusher/auth" ? { status: 500, body: { message: "Try again" } } : undefined);
    const [seen, heard] = [[], []];
    render(h(Watch, { use: () => usePusher({ onPartyInvitation: (invitation) => heard.push(invitation) }), seen }));
    await until("failure", () => seen.at(-1)?.error, PATIENCE);
    assert.deepEqual([seen.at(-1).error.message, seen.at(-1).isConnected, seen.at(-1).isSubscribed], ["Try again", true, false]);
    isDown = false;
    await until("subscription", () => seen.at(-1).isSubscribed && seen.at(-1).error === null, PATIENCE);
    server.send("private-user-ada", "party-invitation-received", invitation);
    await until("invitation", () => heard.length > 0);
  });

  test("after close code 4009 it connects again by itself, and shows no error", async () => {
    const seen = [];
    render(h(Watch, { use: usePusher, seen }));
    await until("subscription", subscribed("private-user-ada"));
    server.end(4009);
    await until("another connection", () => server.count === 2 && subscribed("private-user-ada")());
    await until("rendering", () => seen.at(-1).isSubscribed);
    assert.deepEqual(seen.filter(({ error }) => error !== null), []);
  });

  test("while Pusher is unreachable the hook polls and says so; after a reconnect it reads once more and says so", async () => {
    const seen = [];
    let reads = 0;
    const use = () => usePusher({ poll: () => (reads += 1), everyMs: 20, graceMs: 20 });
    render(h(Watch, { use, seen }));
    await until("subscription", () => seen.at(-1)?.isSubscribed);

    server.goAway();
    await until("polling", () => seen.at(-1).isPolling && !seen.at(-1).isConnected);
    const whenGone = reads;
    await until("reads", () => reads >= whenGone + 3);

    server.comeBack();
    await until("Pusher", () => seen.at(-1).isSubscribed && !seen.at(-1).isPolling);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const whenBack = reads;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(reads, whenBack, "there are no reads while events arrive");
  });

  test("without a provider the hooks say what is missing", async () => {
    const errors = [];
    const bare = createRoot(document.createElement("div"), { onUncaughtError: (error) => errors.push(error.message) });
    bare.render(h(Watch, { use: usePusher, seen: [] }));
    await until("error", () => errors.length > 0);
    assert.match(errors[0], /<CarillonProvider>/);
  });
});
