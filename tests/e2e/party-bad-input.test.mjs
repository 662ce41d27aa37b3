// Malformed and too large requests to the parties' routes are refused clearly, and nothing changes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call } from "./support/api.mjs";
import { listen } from "./support/listener.mjs";
import { newId, person } from "./support/people.mjs";
import { channelOf, introduce, invitationsOf, invite, partyOf, read } from "./support/party.mjs";
import { itemsMentioning } from "./support/table.mjs";

const JSON_TYPE = { "content-type": "application/json" };
const LONG = "x".repeat(10_000);

const badNames = {
  "no name": undefined,
  "an empty name": "",
  "a blank name": " \t\u2003",
  "a name of 10,000 characters": LONG.slice(0, 9_900),
  "a name of 101 characters": "x".repeat(101),
  "a name of 101 characters beyond the basic plane": "\u{1F389}".repeat(101),
  "a name with a newline": "Thursday\nreaders",
  "a name with a zero byte": "Thursday\0readers",
  "a name with an escape": "Thursday \u001b[31mreaders",
  "a name with a C1 control": "Thursday\u0085readers",
  "null for a name": null,
  "a number for a name": 7,
  "a list for a name": ["Thursday readers"],
  "an object for a name": { text: "Thursday readers" },
};

const badSettings = {
  "a list for settings": [],
  "a string for settings": "{}",
  "null for settings": null,
  "a number for settings": 1,
};

const badIds = ["", "a/b", "a b", "a\n", "ä", "*", "x".repeat(129), LONG.slice(0, 9_000), null, 7, ["ben"], { id: "ben" }];

const tooLarge = {
  "settings over 4 KB": { settings: { note: "x".repeat(4_200) } },
  "settings over 4 KB in two-byte characters": { settings: { note: "é".repeat(2_100) } },
  "a body over 64 KB": { settings: {}, ignored: "x".repeat(70_000) },
  "a name that makes the body over 64 KB": { partyName: "x".repeat(70_000) },
};

/** The bodies that cannot be read, whatever the route. */
const unreadable = {
  nothing: "",
  "half of an object": '{"partyName":"x"',
  "an array": "[]",
  "a string": '"x"',
  null: "null",
  "no JSON": "partyName=x",
};

async function refused(status, what, method, path, request) {
  const answer = await call(method, path, request);
  assert.equal(answer.status, status, `${what}: ${method} ${path} answered ${answer.status} ${answer.text}`);
  assert.ok(answer.text.length < 1_000, `${what}: the answer repeats the input`);
}

/** A party with a member in it, someone to invite, and a check that nothing of it has changed. */
async function untouched(t) {
  const [ada, ben, cora] = [person("Ada"), person("Ben"), person("Cora")];
  const party = await partyOf(ada, ben);
  await introduce(cora);
  const { body: before } = await read(ada, party);
  const listener = await listen(t, ben);
  await listener.subscribe(channelOf(party));
  const stillIs = async () => {
    assert.deepEqual((await read(ada, party)).body, before);
    assert.deepEqual(await invitationsOf(cora), []);
    await listener.none("party-updated");
  };
  return { ada, ben, cora, party, stillIs };
}

test("a bad name or bad settings make no party", async () => {
  const ada = person("Ada");
  const found = (json) => ["POST", "/parties", { as: ada, json }];
  for (const [what, partyName] of Object.entries(badNames)) {
    await refused(400, what, ...found({ partyName }));
  }
  for (const [what, settings] of Object.entries(badSettings)) {
    await refused(400, what, ...found({ partyName: "Thursday readers", settings }));
  }
  for (const [what, fault] of Object.entries(tooLarge)) {
    await refused(413, what, ...found({ partyName: "Thursday readers", ...fault }));
  }
  for (const [what, body] of Object.entries(unreadable)) {
    await refused(400, what, "POST", "/parties", { as: ada, body, headers: JSON_TYPE });
  }
  for (const key of ["", "two words", "x".repeat(256), "cl\u00e9"]) {
    const headers = { "idempotency-key": key };
    await refused(400, `the idempotency key ${key.slice(0, 9)}`, "POST", "/parties", { as: ada, json: { partyName: "x" }, headers });
  }
  await refused(415, "text", "POST", "/parties", { as: ada, body: '{"partyName":"x"}', headers: { "content-type": "text/plain" } });
  await refused(415, "a form", "POST", "/parties", { as: ada, form: { partyName: "x" } });
  assert.equal(await itemsMentioning(ada.userId), 0);
});

test("no party changes by a bad name, bad settings or nothing at all", async (t) => {
  const { ada, party, stillIs } = await untouched(t);
  const path = `/parties/${party.partyId}`;
  // An absent or null field stays as it is.
  const given = (faults) => Object.entries(faults).filter(([, value]) => value !== undefined && value !== null);
  for (const [what, partyName] of given(badNames)) {
    await refused(400, what, "PATCH", path, { as: ada, json: { partyName, settings: { color: "red" } } });
  }
  for (const [what, fault] of given(badSettings)) {
    await refused(400, what, "PATCH", path, { as: ada, json: { partyName: "Friday readers", settings: fault } });
  }
  for (const nothing of [{}, { partyName: null }, { settings: null }, { ownerId: ada.userId }]) {
    await refused(400, JSON.stringify(nothing), "PATCH", path, { as: ada, json: nothing });
  }
  for (const [what, fault] of Object.entries(tooLarge)) {
    await refused(413, what, "PATCH", path, { as: ada, json: fault });
  }
  for (const [what, body] of Object.entries(unreadable)) {
    await refused(400, what, "PATCH", path, { as: ada, body, headers: JSON_TYPE });
  }
  await refused(415, "text", "PATCH", path, { as: ada, body: '{"partyName":"x"}', headers: { "content-type": "text/plain" } });
  await stillIs();
});

test("nobody is invited and nobody inherits by a bad user id", async (t) => {
  const { ada, cora, party, stillIs } = await untouched(t);
  const routes = [["POST", `/parties/${party.partyId}/invitations`], ["PUT", `/parties/${party.partyId}/owner`]];
  for (const [method, path] of routes) {
    for (const userId of [undefined, ...badIds]) {
      await refused(400, `userId ${JSON.stringify(userId)?.slice(0, 20)}`, method, path, { as: ada, json: { userId } });
    }
    for (const [what, body] of Object.entries(unreadable)) {
      await refused(400, what, method, path, { as: ada, body, headers: JSON_TYPE });
    }
    const json = { userId: cora.userId };
    await refused(413, "a body over 64 KB", method, path, { as: ada, json: { ...json, ignored: "x".repeat(70_000) } });
    await refused(415, "text", method, path, { as: ada, body: JSON.stringify(json), headers: { "content-type": "text/plain" } });
    await refused(415, "a form", method, path, { as: ada, form: json });
  }
  await refused(404, "an heir who is not a member", "PUT", routes[1][1], { as: ada, json: { userId: cora.userId } });
  await stillIs();
});

test("an id in a path is an id", async (t) => {
  const { ada, ben, party, stillIs } = await untouched(t);
  const { partyId } = party;
  for (const bad of ["a%20b", "%C3%A4", "a*b", "a%0A", "x".repeat(129)]) {
    await refused(400, bad, "GET", `/parties/${bad}`, { as: ada });
    await refused(400, bad, "PATCH", `/parties/${bad}`, { as: ada, json: { partyName: "x" } });
    await refused(400, bad, "PUT", `/parties/${bad}/owner`, { as: ada, json: { userId: ben.userId } });
    await refused(400, bad, "DELETE", `/parties/${bad}/members/${ben.userId}`, { as: ada });
    await refused(400, bad, "DELETE", `/parties/${partyId}/members/${bad}`, { as: ada });
    await refused(400, bad, "POST", `/parties/${bad}/invitations`, { as: ada, json: { userId: newId("user") } });
    await refused(400, bad, "DELETE", `/parties/${bad}/invitations/${ben.userId}`, { as: ada });
    await refused(400, bad, "DELETE", `/parties/${partyId}/invitations/${bad}`, { as: ada });
    await refused(400, bad, "POST", `/parties/${bad}/invitations/accept`, { as: ben });
    await refused(400, bad, "POST", `/parties/${bad}/invitations/decline`, { as: ben });
  }
  await stillIs();
});

test("a list has bounds, and a cursor comes from a page", async () => {
  const ben = person("Ben");
  const list = (query) => ["GET", `/party-invitations?${query}`, { as: ben }];
  for (const limit of ["0", "101", "-1", "1.5", "ten", "", "1e2", "9".repeat(30)]) {
    await refused(400, `limit ${limit}`, ...list(`limit=${limit}`));
  }
  for (const cursor of ["", "x", "!!!", "bm90IGFuIGlkIQ", LONG.slice(0, 2_000)]) {
    await refused(400, `cursor ${cursor.slice(0, 10)}`, ...list(`cursor=${encodeURIComponent(cursor)}`));
  }
});

test("a party that is asked for by a stranger tells them nothing", async (t) => {
  const { ada, party, stillIs } = await untouched(t);
  const eve = person("Eve");
  await refused(403, "a stranger", "GET", `/parties/${party.partyId}`, { as: eve });
  const { text } = await call("GET", `/parties/${party.partyId}`, { as: eve });
  for (const secret of [ada.userId, ada.displayName, party.partyName]) {
    assert.ok(!text.includes(secret));
  }
  await invite(eve, party, person());
  await stillIs();
});
