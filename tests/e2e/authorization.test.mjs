// Authorization of subscriptions, and the members' data that others see.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, expecting } from "./support/api.mjs";
import { guidesAuthorizer, listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { server } from "./support/server.mjs";
import { stack } from "./support/stack.mjs";
import { putBook } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";

const SOCKET = "123456.7890123";
const REFUSED = { error: "Forbidden", message: "Not authorized to access this channel" };

const authorize = (status, as, channel_name, body = "form") =>
  expecting(status, "POST", "/pusher/auth", { as, [body]: { socket_id: SOCKET, channel_name } });

test("a user subscribes to their own private channel", async (t) => {
  const ada = person();
  const listener = await listen(t, ada);
  await listener.subscribe(ada.ownChannel);
});

test("someone else's private channel is refused, and the client learns it", async (t) => {
  const ada = person();
  const eve = await listen(t, person("Eve"));
  const refusal = await eve.refusal(ada.ownChannel);
  assert.equal(refusal.type, "AuthError");
  assert.equal(refusal.status, 403);
});

test("a client whose token has expired learns it on every kind of channel", async (t) => {
  const ada = person();
  const late = { ...ada, token: token({ sub: ada.userId, exp: inSeconds(-60) }) };
  const listener = await listen(t, late);
  for (const channel of [ada.ownChannel, `private-encrypted-user-${ada.userId}`, `presence-room-${newId("book")}`]) {
    assert.equal((await listener.refusal(channel)).status, 401, channel);
  }
});

test("a refusal has the words that clients know", async () => {
  const eve = person("Eve");
  for (const channel of [person().ownChannel, `private-encrypted-user-${newId("user")}`]) {
    assert.deepEqual(await authorize(403, eve, channel), REFUSED);
    assert.deepEqual(await authorize(403, eve, channel, "json"), REFUSED);
  }
});

test("a channel of a reserved family that does not exist is refused to everybody", async () => {
  const ada = person();
  const names = [
    "private-user-",
    "private-cache-user-1",
    `presence-user-${ada.userId}`,
    "private-room-1",
    "private-encrypted-room-1",
  ];
  for (const name of names) {
    assert.deepEqual(await authorize(403, ada, name), REFUSED, name);
  }
});

test("a user whose id begins like another's does not get the other's channel", async () => {
  const ada = person();
  const longer = { token: token({ sub: `${ada.userId}0` }) };
  await authorize(403, longer, ada.ownChannel);
  await authorize(403, ada, `${ada.ownChannel}0`);
});

test("members of a room see each other's user_info", async (t) => {
  const bookId = newId("book");
  const author = person("Ursula", "https://example.org/ursula.png");
  const reader = person("Ada");
  await putBook({ bookId, authorId: author.userId, authorName: "Ursula K. Le Guin" });
  const room = `presence-room-${bookId}`;
  const infoOf = ({ userId, displayName, avatarUrl }, isAuthor) => ({ userId, displayName, avatarUrl, isAuthor });

  const first = await listen(t, reader);
  const alone = await first.subscribe(room);
  assert.deepEqual(alone.members, { [reader.userId]: infoOf(reader, false) });
  assert.deepEqual(alone.me, { id: reader.userId, info: infoOf(reader, false) });

  const second = await listen(t, author);
  const both = await second.subscribe(room);
  assert.deepEqual(both.members, { [reader.userId]: infoOf(reader, false), [author.userId]: infoOf(author, true) });
  assert.deepEqual(await first.next("pusher:member_added"), { id: author.userId, info: infoOf(author, true) });

  second.unsubscribe(room);
  assert.deepEqual(await first.next("pusher:member_removed"), { id: author.userId, info: infoOf(author, true) });
});

test("the token's claims have two spellings, and a nameless user is shown by their id", async () => {
  const room = `presence-room-${newId("book")}`;
  const url = "https://example.org/ada.png";
  const spellings = [
    [{ username: "ada", avatar_url: url }, () => ({ displayName: "ada", avatarUrl: url })],
    [{ name: "Ada", picture: url }, () => ({ displayName: "Ada", avatarUrl: url })],
    [{}, (userId) => ({ displayName: userId, avatarUrl: null })],
  ];
  for (const [claims, shown] of spellings) {
    // A user of their own each: a token without a name takes no name away.
    const userId = newId("user");
    const seen = shown(userId);
    const { channel_data } = await authorize(200, { token: token({ sub: userId, ...claims }) }, room);
    assert.deepEqual(JSON.parse(channel_data), { user_id: userId, user_info: { userId, ...seen, isAuthor: false } });
  }
});

test("a name in any script survives the way to the other members", async (t) => {
  const reader = person('Ægir "Ἀδα" 艾达 \\ \u{1F4D6}');
  const room = `presence-room-${newId("book")}`;
  const listener = await listen(t, reader);
  const { me } = await listener.subscribe(room);
  assert.equal(me.info.displayName, reader.displayName);
});

test("an encrypted event of another back end is decrypted by its user, and by nobody else", async (t) => {
  const ada = person();
  const channel = `private-encrypted-user-${ada.userId}`;
  const foreign = ["diary:entry"];
  const listener = await listen(t, ada, { foreign });
  await listener.subscribe(channel);
  await server.trigger(channel, "diary:entry", { text: "for your eyes only" });
  assert.deepEqual(await listener.next("diary:entry"), { text: "for your eyes only" });

  const eve = await listen(t, person("Eve"), { foreign });
  assert.equal((await eve.refusal(channel)).status, 403);
});

test("a user signs in and is reached by their id", async (t) => {
  const ada = person();
  const listener = await listen(t, ada, { foreign: ["greeting"] });
  assert.equal((await listener.signIn()).id, ada.userId);
  await server.sendToUser(ada.userId, "greeting", { text: "hello" });
  assert.deepEqual(await listener.next("greeting"), { text: "hello" });
});

test("the integration guide's own authorizer, which sends JSON, works", async (t) => {
  const ada = person();
  const authorizer = guidesAuthorizer(ada);
  const listener = await listen(t, ada, { authorizer });
  await listener.subscribe(ada.ownChannel);
  await listener.subscribe(`presence-room-${newId("book")}`);
  assert.equal((await listener.refusal(person().ownChannel)).error, "Authorization failed");
});

test("both kinds of body get the same answer", async () => {
  const ada = person();
  assert.deepEqual(await authorize(200, ada, ada.ownChannel, "form"), await authorize(200, ada, ada.ownChannel, "json"));
});

test("a content type with a charset is understood", async () => {
  const ada = person();
  const { status } = await call("POST", "/pusher/auth", {
    as: ada,
    form: { socket_id: SOCKET, channel_name: ada.ownChannel },
    headers: { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" },
  });
  assert.equal(status, 200);
});

test("the signatures are those that the official server library computes", async () => {
  const ada = person();
  const plain = await authorize(200, ada, ada.ownChannel);
  assert.deepEqual(plain, server.authorizeChannel(SOCKET, ada.ownChannel));

  const encrypted = `private-encrypted-user-${ada.userId}`;
  assert.deepEqual(await authorize(200, ada, encrypted), server.authorizeChannel(SOCKET, encrypted));

  const room = `presence-room-${newId("book")}`;
  const presence = await authorize(200, ada, room);
  assert.deepEqual(presence, server.authorizeChannel(SOCKET, room, JSON.parse(presence.channel_data)));

  const user = await expecting(200, "POST", "/pusher/user-auth", { as: ada, form: { socket_id: SOCKET } });
  assert.equal(JSON.parse(user.user_data).id, ada.userId);
  assert.deepEqual(user, server.authenticateUser(SOCKET, JSON.parse(user.user_data)));
});
