// Malformed, too large and wrongly signed requests are refused clearly, and nothing is written.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { call } from "./support/api.mjs";
import { operations } from "./support/openapi.mjs";
import { newId, person, service } from "./support/people.mjs";
import { itemsMentioning } from "./support/table.mjs";
import { inSeconds, token } from "./support/token.mjs";

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };
const LONG = "x".repeat(10_000);

/** Sends it, and asserts the status and that no item of the table speaks of `marker`. */
async function refused(status, what, marker, method, path, request) {
  const answer = await call(method, path, request);
  assert.equal(answer.status, status, `${what}: ${method} ${path} answered ${answer.status} ${answer.text}`);
  assert.ok(!answer.text.includes(LONG), `${what}: the answer repeats the input`);
  assert.equal(await itemsMentioning(marker), 0, `${what}: something was written`);
}

const badTokens = (sub) => ({
  "no token": undefined,
  "an expired token": token({ sub, exp: inSeconds(-60) }),
  "a token that never expires": token({ sub, exp: undefined }),
  "a token that is not valid yet": token({ sub, nbf: inSeconds(300) }),
  "algorithm none": token({ sub }, { alg: "none" }),
  "algorithm None": token({ sub }, { alg: "None" }),
  "another algorithm, HS384": token({ sub }, { alg: "HS384" }),
  "another algorithm, HS512": token({ sub }, { alg: "HS512" }),
  "algorithm RS256 without a signature": token({ sub }, { alg: "RS256" }),
  "another key": token({ sub }, { secret: randomBytes(32) }),
  "an empty key": token({ sub }, { secret: "" }),
  "a guest's token": token({ sub, aud: "guest", hotel: "grand", booking: "1" }),
  "a token without sub": token({}),
  "an empty sub": token({ sub: "" }),
  "a sub that no channel name can hold": token({ sub: `${sub}/../${sub}` }),
  "a sub with a newline": token({ sub: `${sub}\n` }),
  "a sub of 5,000 characters": token({ sub: LONG.slice(0, 5_000) }),
  "half a token": token({ sub }).split(".").slice(0, 2).join("."),
  "no token but words": "let me in",
  "an empty token": "",
});

const OPERATIONS = (userId) => [
  ["POST", "/pusher/auth", { form: { socket_id: "1.2", channel_name: `private-user-${userId}` } }],
  ["POST", "/pusher/auth", { form: { socket_id: "1.2", channel_name: `presence-room-${newId("book")}` } }],
  ["POST", "/pusher/user-auth", { form: { socket_id: "1.2" } }],
  ["POST", "/kudos", { json: { receiverId: newId("user"), sessionId: "s", bookTitle: userId } }],
  ["POST", `/rooms/${newId("book")}/presence`, {}],
  ["DELETE", `/rooms/${newId("book")}/presence`, {}],
  ["POST", "/notifications", { json: { userId, type: "SYSTEM" } }],
  ["GET", "/notifications", {}],
  ["GET", "/notifications/unread-count", {}],
  ["POST", `/notifications/${newId("notification")}/read`, {}],
  ["POST", "/notifications/read-all", {}],
  ["GET", `/notifications/${newId("notification")}`, {}],
  ["DELETE", `/notifications/${newId("notification")}`, {}],
  ["GET", "/notifications/device-tokens", {}],
  ["GET", "/kudos", {}],
  ["GET", `/rooms/${newId("book")}/presence`, {}],
  ["GET", "/parties", {}],
  ["DELETE", `/parties/${newId("party")}`, {}],
  ["POST", "/parties", { json: { partyName: userId } }],
  ["GET", `/parties/${newId("party")}`, {}],
  ["PATCH", `/parties/${newId("party")}`, { json: { partyName: userId } }],
  ["PUT", `/parties/${newId("party")}/owner`, { json: { userId } }],
  ["DELETE", `/parties/${newId("party")}/members/${userId}`, {}],
  ["POST", `/parties/${newId("party")}/invitations`, { json: { userId } }],
  ["DELETE", `/parties/${newId("party")}/invitations/${userId}`, {}],
  ["POST", `/parties/${newId("party")}/invitations/accept`, {}],
  ["POST", `/parties/${newId("party")}/invitations/decline`, {}],
  ["GET", "/party-invitations", {}],
  ["GET", "/notifications/preferences", {}],
  ["PUT", "/notifications/preferences", { json: { locale: "fr" } }],
  ["POST", "/notifications/device-token", { json: { token: userId } }],
  ["DELETE", "/notifications/device-token", {}],
];

for (const [what, bearer] of Object.entries(badTokens(newId("user")))) {
  test(`${what} opens nothing`, async () => {
    const userId = newId("user");
    for (const [method, path, request] of OPERATIONS(userId)) {
      const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
      await refused(401, what, userId, method, path, { ...request, headers });
    }
  });
}

test("a good token under another scheme opens nothing", async () => {
  const { userId, token: bearer } = person();
  for (const authorization of [`Basic ${bearer}`, `Token ${bearer}`, bearer]) {
    await refused(401, authorization.split(" ")[0], userId, "POST", "/pusher/auth", {
      form: { socket_id: "1.2", channel_name: `private-user-${userId}` },
      headers: { authorization },
    });
  }
});

test("bodies that cannot be read are malformed", async () => {
  const ada = person();
  const marker = ada.userId;
  const bodies = {
    nothing: "",
    "half of a JSON object": `{"receiverId":"${marker}"`,
    "JSON with a trailing comma": `{"receiverId":"${marker}",}`,
    "a JSON array": `["${marker}"]`,
    "a JSON string": `"${marker}"`,
    null: "null",
    "an empty object": "{}",
    "bytes that are not UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    "a very deep array": "[".repeat(5_000),
  };
  for (const [what, body] of Object.entries(bodies)) {
    for (const path of ["/kudos", "/pusher/auth", "/pusher/user-auth"]) {
      await refused(400, what, marker, "POST", path, { as: ada, body, headers: JSON_TYPE });
    }
    const as = service();
    await refused(400, what, marker, "POST", "/notifications", { as, body, headers: JSON_TYPE });
  }
});

test("a field that no document names is refused by its name, but for what Pusher's clients add", async () => {
  const ada = person();
  const marker = ada.userId;
  const bodies = [
    ["/kudos", ada, { receiverId: newId("user"), sessionId: "s", bookTitle: marker }],
    ["/notifications", service(), { userId: marker, type: "SYSTEM" }],
    ["/parties", ada, { partyName: marker }],
    ["/notifications/device-token", ada, { token: marker }],
  ];
  for (const [path, as, json] of bodies) {
    const answer = await call("POST", path, { as, json: { ...json, titel: marker } });
    assert.equal(answer.status, 400, path);
    assert.match(answer.body.message, /^titel is not a field of .*: there /, path);
  }
  assert.equal(await itemsMentioning(marker), 0);
  const subscription = { socket_id: "1.2", channel_name: ada.ownChannel, device: "phone" };
  for (const body of [{ form: subscription }, { json: subscription }]) {
    assert.equal((await call("POST", "/pusher/auth", { as: ada, ...body })).status, 200);
  }
});

test("forms that cannot be read are malformed", async () => {
  const ada = person();
  const own = encodeURIComponent(ada.ownChannel);
  const forms = {
    nothing: "",
    "no equals sign": "socket_id",
    "half an escape": `socket_id=1.2&channel_name=${own}%2`,
    "an escape that is none": `socket_id=1.2&channel_name=${own}%zz`,
    "escapes that are not UTF-8": `socket_id=1.2&channel_name=${own}%ff`,
    "a field twice": `socket_id=1.2&socket_id=3.4&channel_name=${own}`,
    "another channel after the first": `socket_id=1.2&channel_name=${own}&channel_name=private-user-other`,
    "JSON under the name of a form": JSON.stringify({ socket_id: "1.2", channel_name: ada.ownChannel }),
  };
  for (const [what, body] of Object.entries(forms)) {
    await refused(400, what, ada.userId, "POST", "/pusher/auth", { as: ada, body, headers: FORM_TYPE });
  }
});

test("a body of another type is not guessed at", async () => {
  const ada = person();
  const authorization = JSON.stringify({ socket_id: "1.2", channel_name: ada.ownChannel });
  const kudos = JSON.stringify({ receiverId: newId("user"), sessionId: ada.userId, bookTitle: "Book" });
  const notification = JSON.stringify({ userId: ada.userId, type: "SYSTEM" });
  for (const type of ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonx", "json"]) {
    const headers = { "content-type": type };
    await refused(415, type, ada.userId, "POST", "/pusher/auth", { as: ada, body: authorization, headers });
    await refused(415, type, ada.userId, "POST", "/pusher/user-auth", { as: ada, body: '{"socket_id":"1.2"}', headers });
    await refused(415, type, ada.userId, "POST", "/kudos", { as: ada, body: kudos, headers });
    await refused(415, type, ada.userId, "POST", "/notifications", { as: service(), body: notification, headers });
  }
  await refused(415, "a form", ada.userId, "POST", "/kudos", { as: ada, body: "receiverId=1", headers: FORM_TYPE });
});

test("socket ids are two numbers with a dot, and nothing else", async () => {
  const ada = person();
  const room = `presence-room-${newId("book")}`;
  const texts = ["", "1", "1.", ".1", "1.2.3", "1.2\n", "\n1.2", " 1.2", "1.2 ", "1.a", "-1.2", "١.٢", "1。2", `1.2:${room}`, LONG];
  for (const socket_id of [...texts, null, 1.2, { a: 1 }, ["1.2"]]) {
    const what = `socket_id ${JSON.stringify(socket_id).slice(0, 40)}`;
    await refused(400, what, ada.userId, "POST", "/pusher/auth", { as: ada, json: { socket_id, channel_name: room } });
    await refused(400, what, ada.userId, "POST", "/pusher/user-auth", { as: ada, json: { socket_id } });
    if (typeof socket_id === "string") {
      await refused(400, what, ada.userId, "POST", "/pusher/auth", { as: ada, form: { socket_id, channel_name: room } });
    }
  }
});

test("channel names are Pusher's, to the last character", async () => {
  const ada = person();
  const own = ada.ownChannel;
  const names = {
    "an empty name": "",
    "a newline at the end": `${own}\n`,
    "a newline in front": `\n${own}`,
    "a space at the end": `${own} `,
    "a zero byte": `${own}\0`,
    "a Cyrillic look-alike": own.replace("private", "privаte"),
    "a full-width look-alike": own.replace("-", "－"),
    "an accent": `${own}é`,
    "a slash": `${own}/`,
    "a colon and more": `${own}:{"user_id":"1"}`,
    "a wildcard": "private-user-*",
    "a number sign": `#server-to-user-${ada.userId}`,
    "10,000 characters": `private-user-${LONG}`,
    "165 characters": `private-user-${"x".repeat(152)}`,
    "a public channel": "news",
    "capitals": own.replace("private", "Private"),
    "no string": 7,
    "null": null,
    "a list": [own],
  };
  for (const [what, channel_name] of Object.entries(names)) {
    await refused(400, what, ada.userId, "POST", "/pusher/auth", { as: ada, json: { socket_id: "1.2", channel_name } });
    if (typeof channel_name === "string") {
      await refused(400, what, ada.userId, "POST", "/pusher/auth", { as: ada, form: { socket_id: "1.2", channel_name } });
    }
  }
});

test("kudos need a receiver, a session and a title", async () => {
  const ada = person();
  const good = { receiverId: newId("user"), sessionId: newId("session"), bookTitle: "The Dispossessed" };
  const faults = {
    "no receiver": { receiverId: undefined },
    "no session": { sessionId: undefined },
    "no title": { bookTitle: undefined },
    "an empty receiver": { receiverId: "" },
    "an empty session": { sessionId: "" },
    "an empty title": { bookTitle: "" },
    "a receiver that no channel name can hold": { receiverId: "a/b" },
    "a receiver with a newline": { receiverId: "a\n" },
    "a receiver of 10,000 characters": { receiverId: LONG.slice(0, 9_000) },
    "a number for a title": { bookTitle: 7 },
    "null for a session": { sessionId: null },
  };
  for (const [what, fault] of Object.entries(faults)) {
    await refused(400, what, ada.userId, "POST", "/kudos", { as: ada, json: { ...good, ...fault } });
  }
});

test("notifications need a user and a known type", async () => {
  const marker = newId("user");
  const good = { userId: marker, type: "SYSTEM" };
  const faults = {
    "no user": { userId: undefined, data: { marker } },
    "no type": { type: undefined },
    "an unknown type": { type: "ADVERTISEMENT" },
    "a type in small letters": { type: "system" },
    "a user that no channel name can hold": { userId: `${marker}/x` },
    "data that is a list": { data: [marker] },
    "data that is a string": { data: marker },
    "an unknown priority": { priority: "urgent" },
  };
  const as = service();
  for (const [what, fault] of Object.entries(faults)) {
    await refused(400, what, marker, "POST", "/notifications", { as, json: { ...good, ...fault } });
  }
});

test("a body that is too large for an event is refused before it is written", async () => {
  const [ada, marker] = [person(), newId("user")];
  const large = "x".repeat(11 * 1024);
  const kudos = { receiverId: newId("user"), sessionId: newId("session"), bookTitle: "x".repeat(70_000) };
  await refused(413, "kudos", ada.userId, "POST", "/kudos", { as: ada, json: kudos });
  const notification = { userId: marker, type: "SYSTEM", data: { large } };
  await refused(413, "a notification", marker, "POST", "/notifications", { as: service(), json: notification });
  const form = { socket_id: "1.2", channel_name: `private-user-${large}` };
  await refused(413, "a sign-in", ada.userId, "POST", "/pusher/user-auth", { as: ada, form: { socket_id: large } });
  await refused(413, "a subscription", ada.userId, "POST", "/pusher/auth", { as: ada, form });
});

test("idempotency keys that cannot be kept are refused", async () => {
  const ada = person();
  const json = { receiverId: newId("user"), sessionId: newId("session"), bookTitle: "The Dispossessed" };
  for (const key of ["k".repeat(256), "k".repeat(2_000)]) {
    await refused(400, `a key of ${key.length} characters`, ada.userId, "POST", "/kudos", {
      as: ada,
      json,
      headers: { "idempotency-key": key },
    });
  }
});

test("a parameter that an operation does not have is refused by its name", async () => {
  // These take any: what people click, what monitors add, what Pusher and its clients write, and what its server libraries sign.
  const lenient = /^\/apps\/|^\/(email\/unsubscribe|health|pusher\/(auth|user-auth|webhook))$|\/chat\/pusher\/auth$/;
  for (const { method, path, name } of operations.filter((operation) => !lenient.test(operation.path))) {
    const filled = path.replaceAll(/\{[^}]+\}/g, () => newId("any"));
    const answer = await call(method.toUpperCase(), `${filled}?surprise=1`, { as: person() });
    assert.equal(answer.status, 400, `${name} answered ${answer.status} ${answer.text}`);
    assert.match(answer.body.message, /surprise/, name);
  }
});

test("only other back ends grant a dashboard's channel", async () => {
  const [ada, channel] = [person(), newId("channel")];
  for (const method of ["PUT", "DELETE"]) {
    const membership = (name) => `/dashboard/channels/${name}/members/${ada.userId}`;
    await refused(400, "a channel with a line feed", channel, method, membership(`${channel}%0A`), { as: service() });
    await refused(401, "no token", channel, method, membership(channel), {});
    await refused(403, "a member's token", channel, method, membership(channel), { as: ada });
  }
});

test("room ids are ids", async () => {
  const ada = person();
  for (const bookId of ["a%0A", "a%20b", "%C3%A9", "a%7Cb", "x".repeat(129), "x".repeat(2_000)]) {
    await refused(400, `the book ${bookId.slice(0, 20)}`, ada.userId, "POST", `/rooms/${bookId}/presence`, { as: ada });
    await refused(400, `the book ${bookId.slice(0, 20)}`, ada.userId, "DELETE", `/rooms/${bookId}/presence`, { as: ada });
  }
});

test("pages have one to a hundred entries, and cursors come from pages", async () => {
  const ada = person();
  const limits = ["0", "101", "-1", "ten", "1.5", ""].map((limit) => `limit=${limit}`);
  const cursors = ["nonsense", "", LONG.slice(0, 2_000)].map((cursor) => `cursor=${cursor}`);
  for (const query of [...limits, ...cursors]) {
    await refused(400, query.slice(0, 20), ada.userId, "GET", `/notifications?${query}`, { as: ada });
  }
});
