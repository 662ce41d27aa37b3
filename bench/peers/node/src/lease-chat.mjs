import { GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { answer, batchGet, caller, clear, dynamodb, outboxOf, table, trigger } from "./clients.mjs";

const MESSAGES_AT_ONCE = 30;
const INTERVAL = 2_000;

export async function handler(event) {
  const author = caller(event);
  const { bailId } = event.pathParameters;
  const { content } = JSON.parse(event.body);
  const leaseKey = { pk: { S: `LEASE#${bailId}` }, sk: { S: "LEASE" } };
  const { Item: lease } = await dynamodb().send(
    new GetItemCommand({ TableName: table, Key: leaseKey, ConsistentRead: true }),
  );
  const role = lease?.client.S === author.userId ? "client" : lease?.notary.S === author.userId ? "notary" : undefined;
  if (!role) return answer(404, { error: "Not Found" });

  const chat = { S: `CHAT#LEASE#${bailId}` };
  const head = { pk: chat, sk: { S: "HEAD" } };
  const limit = { pk: { S: `USER#${author.userId}` }, sk: { S: "LIMIT#messages" } };
  const rows = await batchGet([head, limit], true);
  const row = ({ pk, sk }) => rows.find((found) => found.pk.S === pk.S && found.sk.S === sk.S);
  const now = Date.now();
  const due = Number(row(limit)?.due.N ?? 0);
  if (due - now > (MESSAGES_AT_ONCE - 1) * INTERVAL) return answer(429, { error: "Too Many Requests" });
  const last = Number(row(head)?.seq.N ?? 0);
  const seq = last + 1;

  const id = `${seq}-${crypto.randomUUID()}`;
  const createdAt = new Date(now).toISOString();
  const message = { id, seq, author: { id: author.userId, name: author.displayName, role }, content, createdAt };
  const events = [{ channel: `presence-bail-${bailId}`, name: "new-message", data: JSON.stringify(message) }];
  const outbox = outboxOf(events);
  const key = { pk: chat, sk: { S: `MSG#${String(seq).padStart(12, "0")}` } };
  const update = (Key, UpdateExpression, values, ConditionExpression) => ({
    Update: { TableName: table, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues: values },
  });
  await dynamodb().send(
    new TransactWriteItemsCommand({
      ClientRequestToken: crypto.randomUUID(),
      TransactItems: [
        update(
          head,
          "SET seq = :seq, last_author = :author, preview = :preview, last_at = :now",
          { ":seq": { N: String(seq) }, ":author": { S: author.userId }, ":preview": { S: content }, ":now": { N: String(now) },
            ...(last && { ":last": { N: String(last) } }) },
          last ? "seq = :last" : "attribute_not_exists(pk)",
        ),
        {
          Put: {
            TableName: table,
            Item: { ...key, id: { S: id }, author: { S: author.userId }, author_name: { S: author.displayName }, role: { S: role },
              text: { S: content }, created_at: { N: String(now) }, outbox: { S: outbox },
              gsi1pk: { S: `AUTHOR#${author.userId}` }, gsi1sk: chat },
            ConditionExpression: "attribute_not_exists(pk)",
          },
        },
        update(limit, "SET due = :due", { ":due": { N: String(Math.max(due, now) + INTERVAL) } }),
        update({ pk: chat, sk: { S: `READ#${author.userId}` } }, "SET seq = :seq", { ":seq": { N: String(seq) } }),
      ],
    }),
  );
  await trigger(events);
  await clear(key, outbox);
  return answer(201, { message });
}
