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

/** How many items of the table hold this text in a key or a value. */
export async function itemsMentioning(text) {
  let found = 0;
  let start;
  do {
    const page = await dynamodb("Scan", start && { ExclusiveStartKey: start });
    found += page.Items.filter((item) => JSON.stringify(item).includes(text)).length;
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}
