import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { answer, caller, clear, dynamodb, outboxOf, table, trigger } from "./clients.mjs";

export async function handler(event) {
  const fromUser = caller(event);
  const { receiverId, sessionId, bookTitle } = JSON.parse(event.body);
  const id = crypto.randomUUID();
  const createdAt = new Date();
  const events = [
    {
      channel: `private-user-${receiverId}`,
      name: "kudos:received",
      data: JSON.stringify({ fromUser, sessionId, bookTitle }),
    },
  ];
  const outbox = outboxOf(events);
  const key = { pk: { S: `KUDOS#${id}` }, sk: { S: "KUDOS" } };
  await dynamodb().send(
    new PutItemCommand({
      TableName: table,
      Item: {
        ...key,
        giver: { S: fromUser.userId },
        receiver: { S: receiverId },
        session_id: { S: sessionId },
        book_title: { S: bookTitle },
        created_at: { N: String(createdAt.getTime()) },
        outbox: { S: outbox },
      },
      ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
  );
  await trigger(events);
  await clear(key, outbox);
  return answer(201, { kudosId: id, createdAt: createdAt.toISOString() });
}
