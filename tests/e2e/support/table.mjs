// The stack's table, for what tests put there and look up there.

import { action } from "./aws.mjs";
import { stack } from "./stack.mjs";

const dynamodb = (name, input) => action("dynamodb", `DynamoDB_20120810.${name}`, { TableName: stack.tableName, ...input });

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

/** Whether somebody is still to be told of what someone did in a room. */
export async function owesPresence({ bookId, userId }) {
  const key = { pk: { S: `ROOM#${bookId}` }, sk: { S: `USER#${userId}` } };
  const { Item } = await dynamodb("GetItem", { Key: key, ConsistentRead: true });
  return Item?.outbox !== undefined;
}

/** How many items of the table hold this text in a key or a value, but for profiles: every call with a token keeps the caller's. */
export async function itemsMentioning(text) {
  let found = 0;
  let start;
  do {
    const page = await dynamodb("Scan", start && { ExclusiveStartKey: start });
    found += page.Items.filter((item) => item.sk.S !== "PROFILE" && JSON.stringify(item).includes(text)).length;
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

/** The items that hold this text, but for profiles and rate limits, in the order of their keys. */
export async function snapshotOf(text) {
  const found = [];
  let start;
  do {
    const page = await dynamodb("Scan", { ConsistentRead: true, ...(start && { ExclusiveStartKey: start }) });
    found.push(...page.Items.filter((item) => !/^(PROFILE$|LIMIT)/.test(item.sk.S) && JSON.stringify(item).includes(text)));
    start = page.LastEvaluatedKey;
  } while (start);
  const key = ({ pk, sk }) => `${pk.S} ${sk.S}`;
  return found.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** How many connections a namespace of the WebSocket API counts. */
export async function connectionsIn(namespace) {
  const count = async (shard) => {
    const query = {
      KeyConditionExpression: "pk = :shard",
      ExpressionAttributeValues: { ":shard": { S: `SOCKETS#${namespace}#${shard}` } },
      ConsistentRead: true,
      Select: "COUNT",
    };
    return (await dynamodb("Query", query)).Count;
  };
  const counts = await Promise.all([0, 1, 2, 3].map(count));
  return counts.reduce((sum, count) => sum + count, 0);
}
