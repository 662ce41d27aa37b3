// The stack's table, for what tests put there and look up there.

import { randomUUID } from "node:crypto";

import { action } from "./aws.mjs";
import { stack } from "./stack.mjs";
import { until } from "./wait.mjs";

const dynamodb = (name, input) => action("dynamodb", `DynamoDB_20120810.${name}`, { TableName: stack.tableName, ...input });

/** All items that a request of this kind finds, page by page. */
async function all(name, input) {
  const items = [];
  let start;
  do {
    const page = await dynamodb(name, { ConsistentRead: true, ...input, ...(start && { ExclusiveStartKey: start }) });
    items.push(...page.Items);
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

/** A book, as the app that owns it would write it. */
export async function putBook({ bookId, title = "The Dispossessed", authorId, authorName }) {
  await dynamodb("PutItem", {
    Item: {
      pk: { S: `BOOK#${bookId}` },
      sk: { S: "BOOK" },
      title: { S: title },
      authorId: { S: authorId },
      authorName: { S: authorName },
    },
  });
}

/** Whether the table has a user's profile, so that others can invite them. */
export async function isKnown({ userId }) {
  const { Item } = await dynamodb("GetItem", { Key: { pk: { S: `USER#${userId}` }, sk: { S: "PROFILE" } }, ConsistentRead: true });
  return Item !== undefined;
}

/** Lets a pending invitation expire. */
export async function expireInvitation({ partyId, userId }) {
  await dynamodb("UpdateItem", {
    Key: { pk: { S: `USER#${userId}` }, sk: { S: `INVITATION#${partyId}` } },
    UpdateExpression: "SET expires_at = :past",
    ConditionExpression: "attribute_exists(pk)",
    ExpressionAttributeValues: { ":past": { N: String(Math.floor(Date.now() / 1000) - 1) } },
  });
}

/** Makes what is known of someone in a room older by so many seconds. */
export async function agePresence({ bookId, userId }, seconds) {
  await dynamodb("UpdateItem", {
    Key: { pk: { S: `ROOM#${bookId}` }, sk: { S: `USER#${userId}` } },
    UpdateExpression: "SET #at = #at - :ms",
    ConditionExpression: "attribute_exists(pk)",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":ms": { N: String(seconds * 1000) } },
  });
}

/** Whether an event of a room is still pending. */
export async function owesPresence({ bookId, userId }) {
  const key = { pk: { S: `ROOM#${bookId}` }, sk: { S: `USER#${userId}` } };
  const { Item } = await dynamodb("GetItem", { Key: key, ConsistentRead: true });
  return Item?.outbox !== undefined;
}

/** Rows that every call with a token writes, also a refused one: the caller's profile and budget. */
const WRITTEN_BY_EVERY_CALL = /^(PROFILE$|LIMIT)/;

/** How many items of the table hold this text in a key or a value, but for profiles and rate limits. */
export async function itemsMentioning(text) {
  return (await all("Scan")).filter((item) => !WRITTEN_BY_EVERY_CALL.test(item.sk.S) && JSON.stringify(item).includes(text)).length;
}

/** The items that hold this text, but for profiles and rate limits, in the order of their keys. */
export async function snapshotOf(text) {
  const items = await all("Scan");
  const found = items.filter((item) => !WRITTEN_BY_EVERY_CALL.test(item.sk.S) && JSON.stringify(item).includes(text));
  const key = ({ pk, sk }) => `${pk.S} ${sk.S}`;
  return found.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** All entries of all outboxes, each with its row's key. */
async function owed() {
  const rows = await all("Scan", { FilterExpression: "attribute_exists(outbox)", ProjectionExpression: "pk, sk, outbox" });
  return rows.flatMap(({ pk, sk, outbox }) => JSON.parse(outbox.S).owed.map((entry) => ({ ...entry, key: `${pk.S} ${sk.S}` })));
}

/** Waits until no row owes anything in which one of these words is: a channel, the id of a user or of a lease. */
export async function nothingIsOwedTo(...words) {
  const isAbout = (entry) => words.some((word) => JSON.stringify(entry).includes(word));
  await until(`the delivery of everything to ${words}`, async () => !(await owed()).some(isAbout));
}

/** Waits until every writer's lease has ended. From then on only `Delivery` delivers what is owed. */
export const writersHaveGivenUp = () =>
  until("the end of each writer's own delivery", async () => !(await owed()).some(({ lease }) => lease > Date.now()));

/**
 * Owes an event in a row of its own, as a writer does that ended right after its write: `Delivery` alone can deliver it. The row expires
 * after so many seconds.
 */
export async function owe({ channel, event, data = {} }, { expiresIn = 3_600 } = {}) {
  const entry = { id: randomUUID(), at: Date.now(), kind: "pusher", channel, name: event, data: JSON.stringify(data) };
  await dynamodb("PutItem", {
    Item: {
      pk: { S: `TEST#${randomUUID()}` },
      sk: { S: "OWED" },
      outbox: { S: JSON.stringify({ owed: [entry] }) },
      expires_at: { N: String(Math.floor(Date.now() / 1000) + expiresIn) },
    },
  });
}

/** The places of a namespace of the WebSocket API that are taken: a row for each connection in it. */
async function placesIn(namespace) {
  const inShard = (shard) =>
    all("Query", { KeyConditionExpression: "pk = :shard", ExpressionAttributeValues: { ":shard": { S: `SOCKETS#${namespace}#${shard}` } } });
  return (await Promise.all([0, 1, 2, 3].map(inShard))).flat();
}

/** The ids of the connections in a namespace. */
export const connectionIdsIn = async (namespace) => (await placesIn(namespace)).map(({ connection }) => connection.S);

/** Makes the connections in a namespace older by a minute. */
export async function ageConnections(namespace) {
  for (const { pk, sk } of await placesIn(namespace)) {
    await dynamodb("UpdateItem", {
      Key: { pk, sk },
      UpdateExpression: "SET since = since - :ms",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":ms": { N: "60000" } },
    });
  }
}

/** Has the tokens of someone's connections expire now. */
export async function expireTokensOf({ userId }) {
  const connections = await all("Scan", {
    FilterExpression: "begins_with(pk, :socket) AND #user = :user",
    ExpressionAttributeNames: { "#user": "user" },
    ExpressionAttributeValues: { ":socket": { S: "SOCKET#" }, ":user": { S: userId } },
  });
  for (const { pk, sk } of connections) {
    await dynamodb("UpdateItem", {
      Key: { pk, sk },
      UpdateExpression: "SET token_expires = :past",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":past": { N: String(Date.now() - 1_000) } },
    });
  }
}

/** How many connections a namespace of the WebSocket API counts. */
export async function connectionsIn(namespace) {
  return (await placesIn(namespace)).length;
}
