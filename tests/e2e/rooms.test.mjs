// Reading rooms: entering and leaving by HTTP and by subscription, and the events of others.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expecting } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person, shown } from "./support/people.mjs";
import { passage, roomWithWitness } from "./support/room.mjs";
import { owesPresence, putBook } from "./support/table.mjs";
import { until } from "./support/wait.mjs";


const path = (bookId) => `/rooms/${bookId}/presence`;
const join = (as, bookId) => expecting(200, "POST", path(bookId), { as });
const leave = (as, bookId) => expecting(204, "DELETE", path(bookId), { as });

// At once, because each spends most of its time waiting for what must not come.
describe("Reading rooms", { concurrency: 8 }, () => {
  test("entering and leaving by HTTP sends one event each", async (t) => {
    const { bookId, listener } = await roomWithWitness(t);
    const ada = person("Ada", "https://example.org/ada.png");

    const entered = await join(ada, bookId);
    assert.deepEqual(entered, { bookId, userId: ada.userId, isAuthor: false, joinedAt: entered.joinedAt });
    assert.deepEqual(await listener.next("room:user-joined"), shown(ada));

    assert.deepEqual(await join(ada, bookId), entered, "entering again is not entering anew");

    await leave(ada, bookId);
    assert.deepEqual(await listener.next("room:user-left"), { userId: ada.userId });
    await leave(ada, bookId);

    await listener.none("room:user-joined");
    await listener.none("room:user-left");
  });

  test("any member sees the users in a room, page by page", async () => {
    const [bookId, ada, ben, cora] = [newId("book"), person("Ada", "https://example.org/ada.png"), person("Ben"), person("Cora")];
    await putBook({ bookId, authorId: ben.userId, authorName: "Ben" });
    const show = (query = "") => expecting(200, "GET", `${path(bookId)}${query}`, { as: cora });
    assert.deepEqual(await show(), { bookId, members: [], nextCursor: null });
    const entered = new Map();
    for (const as of [ada, ben, cora]) {
      entered.set(as.userId, (await join(as, bookId)).joinedAt);
    }
    await leave(cora, bookId);
    await until("the profiles", async () => (await show()).members.every(({ userId, displayName }) => userId !== displayName));
    const { members } = await show();
    const expected = [ada, ben].map((one) => ({ ...shown(one), isAuthor: one === ben, joinedAt: entered.get(one.userId) }));
    assert.deepEqual(members, expected.toSorted((a, b) => (a.userId < b.userId ? -1 : 1)));
    const first = await show("?limit=1");
    const second = await show(`?limit=1&cursor=${first.nextCursor}`);
    assert.deepEqual([...first.members, ...second.members], members);
    await expecting(400, "GET", `${path(bookId)}?cursor=!`, { as: cora });
    await expecting(401, "GET", path(bookId));
  });

  test("of many entries at once, one counts", async (t) => {
    const { bookId, listener } = await roomWithWitness(t);
    const ada = person("Ada");
    const entered = await Promise.all(Array.from({ length: 8 }, () => join(ada, bookId)));
    assert.equal(new Set(entered.map(({ joinedAt }) => joinedAt)).size, 1);
    await listener.next("room:user-joined");
    await listener.none("room:user-joined");
  });

  test("leaving a room that the user never entered sends no event", async (t) => {
    const { bookId, listener } = await roomWithWitness(t);
    await leave(person("Ada"), bookId);
    await listener.none("room:user-left");
  });

  test("a user who comes back enters again, and the events keep their order", async (t) => {
    const { bookId, listener } = await roomWithWitness(t);
    const ada = person("Ada");
    const rounds = 5;
    let last = "";
    for (let round = 0; round < rounds; round += 1) {
      const { joinedAt } = await join(ada, bookId);
      assert.ok(joinedAt > last);
      last = joinedAt;
      await leave(ada, bookId);
    }
    await until("the last delivery", async () => !(await owesPresence({ bookId, userId: ada.userId })));
    await until("the last departure", () => listener.names({ userId: ada.userId }).at(-1) === "room:user-left");
    // Delivery is at least once: an event may arrive twice, but never out of order. An arrival and a departure that were not sent
    // yet cancel each other, so a busy machine sends fewer rounds.
    const inOrder = listener.names({ userId: ada.userId }).filter((name, n, all) => name !== all[n - 1]);
    assert.deepEqual(inOrder, inOrder.map((_, n) => (n % 2 ? "room:user-left" : "room:user-joined")));
    assert.ok(inOrder.length % 2 === 0 && inOrder.length <= 2 * rounds, String(inOrder));
  });

  test("the book's author is announced, after entering", async (t) => {
    const { bookId, listener } = await roomWithWitness(t);
    const author = person("ursula");
    await putBook({ bookId, authorId: author.userId, authorName: "Ursula K. Le Guin" });

    assert.equal((await join(author, bookId)).isAuthor, true);

    assert.deepEqual(await listener.next("room:author-joined"), { authorId: author.userId, authorName: "Ursula K. Le Guin" });
    assert.deepEqual(await listener.next("room:user-joined", {}, 0), shown(author), "room:user-joined comes first");
  });

  test("the book's author is announced when their client subscribes, too", async (t) => {
    const { bookId, channel, listener } = await roomWithWitness(t);
    const author = person("ursula");
    await putBook({ bookId, authorId: author.userId, authorName: "Ursula K. Le Guin" });

    const client = await listen(t, author);
    await client.subscribe(channel);

    assert.deepEqual(await listener.next("room:user-joined", { userId: author.userId }), shown(author));
    assert.deepEqual(await listener.next("room:author-joined"), { authorId: author.userId, authorName: "Ursula K. Le Guin" });
    await passage(t, channel, listener);
    await listener.none("room:author-joined");
  });

  test("two tabs of one user are one visitor", async (t) => {
    const { channel, listener } = await roomWithWitness(t);
    const ada = person("Ada");
    const [tab, otherTab] = [await listen(t, ada), await listen(t, ada)];

    await tab.subscribe(channel);
    await otherTab.subscribe(channel);
    assert.deepEqual(await listener.next("room:user-joined"), shown(ada));

    tab.close();
    await passage(t, channel, listener);
    await listener.none("room:user-joined");
    await listener.none("room:user-left");
    otherTab.close();
    assert.deepEqual(await listener.next("room:user-left"), { userId: ada.userId });
    await listener.none("room:user-left");
  });

  test("entering by HTTP and then subscribing is entering once", async (t) => {
    const { bookId, channel, listener } = await roomWithWitness(t);
    const ada = person("Ada");
    const client = await listen(t, ada);

    const entered = await join(ada, bookId);
    await client.subscribe(channel);
    assert.deepEqual(await listener.next("room:user-joined"), shown(ada));
    await passage(t, channel, listener);
    await listener.none("room:user-joined");
    assert.equal((await join(ada, bookId)).joinedAt, entered.joinedAt);
  });

  test("leaving by HTTP and then closing the tab is leaving once", async (t) => {
    const { bookId, channel, listener } = await roomWithWitness(t);
    const ada = person("Ada");
    const client = await listen(t, ada);
    await client.subscribe(channel);
    await listener.next("room:user-joined");

    await leave(ada, bookId);
    assert.deepEqual(await listener.next("room:user-left"), { userId: ada.userId });
    client.close();
    await listener.next("pusher:member_removed");
    await passage(t, channel, listener);
    await listener.none("room:user-left");
  });

  test("rooms do not hear of each other", async (t) => {
    const { listener } = await roomWithWitness(t);
    const elsewhere = await roomWithWitness(t);
    await join(person("Ada"), elsewhere.bookId);
    await elsewhere.listener.next("room:user-joined");
    await listener.none("room:user-joined");
  });
});
