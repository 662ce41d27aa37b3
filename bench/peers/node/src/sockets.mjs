// Dashboards and direct messages as one writes them with socket.io: one process that holds the connections and keeps everything that it
// can in memory (who is connected, limits, duplicates). Only direct messages are stored, by one write each.
import http from "node:http";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { dynamodb, table } from "./clients.mjs";

const MAX_OF_USER = 5;
const MAX_OF_NAMESPACE = 1_000;
const MESSAGES_AT_ONCE = 100;
const INTERVAL = 600;

function verified(token) {
  return jwt.verify(token, process.env.JWT_SECRET, { algorithms: ["HS256"], clockTolerance: 10 });
}

const server = http.createServer(onRequest);
const io = new Server(server, {
  transports: ["websocket"],
  serveClient: false,
  // No ping falls into the measurement.
  pingInterval: 600_000,
  // The token is verified once, at the handshake, for all namespaces.
  allowRequest: (request, callback) => {
    try {
      const query = new URL(request.url, "http://localhost").searchParams;
      const { sub, name } = verified(query.get("token"));
      request.user = { id: sub, name: name ?? sub };
      callback(null, true);
    } catch {
      callback("the token was refused", false);
    }
  },
});

// A namespace with its limits; tells of a user's first connection and of the last one's end.
function namespace(path, onFirst, onLast, onConnection) {
  const ofUser = new Map();
  const of = io.of(path);
  of.use((socket, next) => {
    const { id } = socket.request.user;
    if ((ofUser.get(id)?.size ?? 0) >= MAX_OF_USER) return next(new Error("You have too many connections here"));
    if (of.sockets.size >= MAX_OF_NAMESPACE) return next(new Error("All connections are in use"));
    next();
  });
  of.on("connection", (socket) => {
    const { user } = socket.request;
    const open = ofUser.get(user.id) ?? new Set();
    ofUser.set(user.id, open.add(socket.id));
    socket.join(`user:${user.id}`);
    onConnection(socket, user);
    if (open.size === 1) onFirst(user);
    socket.on("disconnect", () => {
      open.delete(socket.id);
      if (open.size > 0) return;
      ofUser.delete(user.id);
      onLast(user);
    });
  });
  return of;
}

const now = () => new Date().toISOString();

const status = (name) => (user) =>
  dashboard.emit("user_status", { userId: user.id, status: name, timestamp: now() });

const dashboard = namespace("/dashboard", status("online"), status("offline"), (socket, user) => {
  socket.emit("connected", { userId: user.id, timestamp: now(), message: "Dashboard connection established" });
});

const contacts = new Map();
const contactsOf = (id) => contacts.get(id) ?? contacts.set(id, new Set()).get(id);

const presence = (name) => (user) => {
  for (const contact of contactsOf(user.id)) {
    messages.to(`user:${contact}`).emit(name, { userId: user.id, timestamp: now() });
  }
};

const messages = namespace("/ws", presence("presence:online"), presence("presence:offline"), (socket, user) => {
  socket.on("sendMessage", (data, acknowledge) => sendMessage(user, data, acknowledge).catch((error) => {
    console.error(error);
    socket.emit("error", { error: "Internal Server Error", event: "sendMessage", timestamp: now() });
  }));
});

const due = new Map();
const lastOf = new Map();
const sent = new Map();

function admitted(id) {
  const at = Date.now();
  const next = Math.max(due.get(id) ?? 0, at);
  if (next - at > (MESSAGES_AT_ONCE - 1) * INTERVAL) return false;
  due.set(id, next + INTERVAL);
  return true;
}

async function sendMessage(sender, { receiverId, content, clientMessageId }, acknowledge) {
  if (!admitted(sender.id)) return acknowledge?.({ error: { error: "Too Many Requests", retryAfter: 1 } });
  const name = `${sender.id} ${clientMessageId ?? `${receiverId} ${content}`}`;
  const again = sent.get(name);
  if (again) return acknowledge?.({ ok: true, data: { ...again, duplicate: true } });

  const chat = `CHAT#DIRECT#${[sender.id, receiverId].sort().join("#")}`;
  const seq = (lastOf.get(chat) ?? 0) + 1;
  lastOf.set(chat, seq);
  const createdAt = now();
  const message = {
    id: `${sender.id}:${seq}-${crypto.randomUUID()}`,
    seq, senderId: sender.id, senderName: sender.name, receiverId, content, createdAt, timestamp: createdAt,
  };
  sent.set(name, message);
  await dynamodb().send(
    new PutItemCommand({
      TableName: table,
      Item: {
        pk: { S: chat },
        sk: { S: `MSG#${String(seq).padStart(12, "0")}` },
        id: { S: message.id },
        author: { S: sender.id },
        author_name: { S: sender.name },
        text: { S: content },
        created_at: { S: createdAt },
      },
      ConditionExpression: "attribute_not_exists(pk)",
    }),
  );
  contactsOf(sender.id).add(receiverId);
  contactsOf(receiverId).add(sender.id);
  messages.to(`user:${receiverId}`).emit("message:new", message);
  messages.to(`user:${sender.id}`).emit("message:sent", { ...message, clientMessageId });
  acknowledge?.({ ok: true, data: { ...message, clientMessageId } });
}

// `POST /dashboard/events`, for other back ends.
async function onRequest(request, response) {
  const answer = (code, body) => {
    response.writeHead(code, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  try {
    const { roles = [] } = verified((request.headers.authorization ?? "").split(" ")[1]);
    if (!roles.includes("service")) return answer(403, { error: "Forbidden" });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { event, data, userId } = JSON.parse(Buffer.concat(chunks).toString());
    const to = userId ? dashboard.to(`user:${userId}`) : dashboard;
    to.emit(event, { timestamp: now(), ...data });
    answer(202, { eventId: crypto.randomUUID() });
  } catch {
    answer(401, { error: "Unauthorized" });
  }
}

server.listen(0, "127.0.0.1", 4096, () => console.log(server.address().port));
