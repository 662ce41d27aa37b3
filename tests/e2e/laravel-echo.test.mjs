// Laravel Echo, unchanged: the client that Laravel's pages have. It speaks to Pusher through pusher-js, with names of its own for channels.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import Echo from "laravel-echo";
import Pusher from "pusher-js";

import { cleanUp } from "./support/cleanup.mjs";
import { newId, person } from "./support/people.mjs";
import { server } from "./support/server.mjs";
import { connection, stack } from "./support/stack.mjs";
import { until } from "./support/wait.mjs";

// Echo uses pusher-js as the global that a page has.
globalThis.window = globalThis;
globalThis.Pusher = Pusher;

/** Echo as a page of this user's makes it, disconnected at the end of the test. */
function echoOf(t, { token }) {
  const echo = new Echo({
    broadcaster: "pusher",
    key: stack.pusher.key,
    ...connection,
    authEndpoint: new URL("/pusher/auth", stack.url).href,
    auth: { headers: { authorization: `Bearer ${token}` } },
  });
  cleanUp(t, () => echo.disconnect());
  return echo;
}

/** Resolves once Echo is subscribed. */
const subscribed = (channel) => new Promise((resolve, reject) => channel.subscribed(resolve).error(reject));

/** The data of the next event of this name; a dot keeps Echo from putting a namespace of PHP before it. */
const next = (channel, event) => new Promise((resolve) => channel.listen(`.${event}`, resolve));

describe("Laravel Echo", { concurrency: 4 }, () => {
  test("listens on public and private channels, and no longer once it has left", async (t) => {
    const [news, orders] = [newId("news"), newId("orders")];
    const ada = person("Ada", null, { channels: [`private-${orders}`] });
    const echo = echoOf(t, ada);
    const [open, closed] = [echo.channel(news), echo.private(orders)];
    await Promise.all([subscribed(open), subscribed(closed)]);
    const events = [next(open, "order-shipped"), next(closed, "order-shipped")];
    await server.trigger([news, `private-${orders}`], "order-shipped", { order: 1 });
    assert.deepEqual(await Promise.all(events), [{ order: 1 }, { order: 1 }]);
    echo.leave(news);
    assert.equal(echo.connector.channels[news], undefined);
  });

  test("is refused a private channel that is closed to its user", async (t) => {
    const channel = echoOf(t, person("Ada")).private(newId("orders"));
    await assert.rejects(subscribed(channel), ({ status }) => status === 403);
  });

  test("joins a presence channel, sees others come and go, and whispers to them", async (t) => {
    const lobby = newId("lobby");
    const [ada, ben] = ["Ada", "Ben"].map((name) => person(name, null, { channels: [`presence-${lobby}`] }));
    const [hers, his] = [echoOf(t, ada), echoOf(t, ben)];
    const [here, joined, left] = [[], [], []];
    const mine = hers.join(lobby).here((users) => here.push(users)).joining((user) => joined.push(user)).leaving((user) => left.push(user));
    await until("the first to be here", () => here.length > 0);
    assert.deepEqual(here[0].map(({ displayName }) => displayName), ["Ada"]);

    const theirs = his.join(lobby);
    await subscribed(theirs);
    await until("the second to be seen", () => joined.length > 0);
    assert.equal(joined[0].displayName, "Ben");

    const heard = new Promise((resolve) => mine.listenForWhisper("typing", resolve));
    theirs.whisper("typing", { on: true });
    assert.deepEqual(await heard, { on: true });

    his.leave(lobby);
    await until("the second to be gone", () => left.length > 0);
    assert.equal(left[0].displayName, "Ben");
  });
});
