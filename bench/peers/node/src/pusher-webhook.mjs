import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { answer, batchGet, clear, dynamodb, outboxOf, pusher, table, trigger } from "./clients.mjs";

async function observe({ channel, name, user_id: user }, moment) {
  const book = channel.slice("presence-room-".length);
  const present = name === "member_added";
  const key = { pk: { S: `ROOM#${book}` }, sk: { S: `USER#${user}` } };
  const events = present ? await joined(channel, book, user) : [told(channel, "room:user-left", { userId: user })];
  const outbox = outboxOf(events);
  const values = {
    ":present": { BOOL: present },
    ":other": { BOOL: !present },
    ":at": { N: String(moment) },
    ":owed": { S: outbox },
  };
  const update = present
    ? "SET present = :present, #at = :at, joined_at = :at, #outbox = :owed, gsi1pk = :shard, gsi1sk = :seat REMOVE expires_at"
    : "SET present = :present, #at = :at, expires_at = :expires, #outbox = :owed REMOVE joined_at, gsi1pk, gsi1sk";
  const more = present
    ? { ":shard": { S: "PRESENT#0" }, ":seat": { S: `${book}#${user}` } }
    : { ":expires": { N: String(Math.floor(moment / 1000) + 86400) } };
  const other = "present = :other AND #at <= :at AND attribute_not_exists(#outbox)";
  await dynamodb().send(
    new UpdateItemCommand({
      TableName: table,
      Key: key,
      UpdateExpression: update,
      ConditionExpression: present ? `attribute_not_exists(pk) OR (${other})` : other,
      ExpressionAttributeNames: { "#at": "at", "#outbox": "outbox" },
      ExpressionAttributeValues: { ...values, ...more },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
  );
  return { key, events, outbox };
}

async function joined(channel, book, userId) {
  const rows = await batchGet([
    { pk: { S: `BOOK#${book}` }, sk: { S: "BOOK" } },
    { pk: { S: `USER#${userId}` }, sk: { S: "PROFILE" } },
  ]);
  const row = (sk) => rows.find((row) => row.sk.S === sk);
  const profile = row("PROFILE");
  const displayName = profile?.name.S ?? userId;
  const events = [told(channel, "room:user-joined", { userId, displayName, avatarUrl: profile?.avatar?.S ?? null })];
  if (row("BOOK")?.authorId.S === userId) {
    events.push(told(channel, "room:author-joined", { authorId: userId, authorName: row("BOOK").authorName.S }));
  }
  return events;
}

function told(channel, name, data) {
  return { channel, name, data: JSON.stringify(data) };
}

export async function handler(event) {
  const webhook = pusher.webhook({ headers: event.headers, rawBody: event.body });
  if (!webhook.isValid()) return answer(401, { error: "Unauthorized", message: "The signature does not match" });
  const moment = webhook.getTime().getTime();
  const members = webhook.getEvents().filter(({ name }) => name === "member_added" || name === "member_removed");
  const changes = await Promise.all(members.map((member) => observe(member, moment)));
  await trigger(changes.flatMap(({ events }) => events));
  await Promise.all(changes.map(({ key, outbox }) => clear(key, outbox)));
  return answer(200, {});
}
