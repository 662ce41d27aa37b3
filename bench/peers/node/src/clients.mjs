// The clients of every function, made once when its process starts. Connections stay open, as they should.
import http from "node:http";
import https from "node:https";
import { BatchGetItemCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import jwt from "jsonwebtoken";
import Pusher from "pusher";

const useTLS = process.env.PUSHER_SCHEME === "https";

export const table = process.env.TABLE_NAME;
export const pusher = new Pusher({
  appId: process.env.PUSHER_APP_ID,
  key: process.env.PUSHER_KEY,
  secret: process.env.PUSHER_SECRET,
  host: process.env.PUSHER_HOST,
  port: process.env.PUSHER_PORT,
  useTLS,
  agent: new (useTLS ? https : http).Agent({ keepAlive: true }),
});

let client;

// Made when it is first needed, since private channels never do.
export function dynamodb() {
  client ??= new DynamoDBClient({});
  return client;
}

export function caller(event) {
  const [scheme, token] = (event.headers.authorization ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer") throw new Error("no token");
  const claims = jwt.verify(token, process.env.JWT_SECRET, { algorithms: ["HS256"], clockTolerance: 10 });
  return { userId: claims.sub, displayName: claims.name ?? claims.sub, avatarUrl: claims.picture ?? null };
}

export function answer(statusCode, body) {
  return {
    statusCode,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}

export async function batchGet(keys, consistent = false) {
  const found = await dynamodb().send(
    new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: consistent } } }),
  );
  return found.Responses[table] ?? [];
}

// Takes a delivered outbox away, if it still is the one that was delivered.
export function clear({ pk, sk }, outbox) {
  return dynamodb().send(
    new UpdateItemCommand({
      TableName: table,
      Key: { pk, sk },
      UpdateExpression: "REMOVE #outbox",
      ConditionExpression: "#outbox = :seen",
      ExpressionAttributeNames: { "#outbox": "outbox" },
      ExpressionAttributeValues: { ":seen": { S: outbox } },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
  );
}

// Sends ten events a request, one request after the other, as their order matters.
export async function trigger(events) {
  for (let at = 0; at < events.length; at += 10) {
    await pusher.triggerBatch(events.slice(at, at + 10));
  }
}

export function outboxOf(events) {
  const owed = events.map((event) => ({ id: crypto.randomUUID(), kind: "pusher", ...event }));
  return JSON.stringify({ at: Date.now(), owed });
}
