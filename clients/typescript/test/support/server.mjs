// A server of the Pusher protocol, and the two routes of Carillon that authorize, for the real pusher-js to talk to.
//
// It checks signatures as Pusher does, so a client that sends the signature of another connection fails.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import { WebSocketServer } from "ws";

const KEY = "app-key";
const SECRET = "app-secret";

/** Starts a server on a free port of the loopback; the caller closes it. */
export async function startServer() {
  const server = new Server();
  await new Promise((resolve, reject) => server.http.once("error", reject).listen(0, "127.0.0.1", resolve));
  server.port = server.http.address().port;
  return server;
}

class Server {
  /** Every message of a client, in order: `{ socketId, event, data }`. */
  heard = [];
  /** Every request for authorization: `{ path, token, body }`. */
  asked = [];
  /** Open connections by socket id. */
  sockets = new Map();
  /** The response of a route instead of a signature: `(request) => ({ status, headers?, body })`; undefined to sign. */
  answer = () => undefined;
  /** Awaited before a route responds. */
  before = async () => {};
  /** The number of connections so far. */
  count = 0;
  /** Signatures of another connection than their own. */
  faults = [];
  /** Clients that wait for `comeBack`. */
  #waiting = null;

  constructor() {
    this.http = createServer((request, response) => this.#respond(request, response));
    this.webSockets = new WebSocketServer({ server: this.http });
    this.webSockets.on("connection", (socket) => this.#welcome(socket));
  }

  /** The options of a client that connects to it. */
  get options() {
    return {
      apiUrl: `http://127.0.0.1:${this.port}`,
      appKey: KEY,
      wsHost: "127.0.0.1",
      wsPort: this.port,
      forceTLS: false,
    };
  }

  /** Sends an event to a channel's subscribers. */
  send(channel, event, data) {
    for (const { socket, channels } of this.sockets.values()) {
      if (channels.has(channel)) {
        write(socket, { event, channel, data: JSON.stringify(data) });
      }
    }
  }

  /** Ends every connection with a close code. */
  end(code, reason = "") {
    for (const { socket } of this.sockets.values()) {
      socket.close(code, reason);
    }
  }

  /** Ends every connection, and accepts none until `comeBack`. */
  goAway() {
    this.#waiting = [];
    this.end(4200);
  }

  comeBack() {
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const socket of waiting.filter(({ readyState, OPEN }) => readyState === OPEN)) {
      this.#welcome(socket);
    }
  }

  /** The channel of every subscription. */
  get subscriptions() {
    return [...this.sockets.values()].flatMap(({ channels }) => [...channels]).filter((channel) => !channel.startsWith("#"));
  }

  async close() {
    // pusher-js waits for the end of a closing handshake, so let it end.
    for (let waited = 0; this.webSockets.clients.size > 0 && waited < 50; waited += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const socket of this.webSockets.clients) {
      socket.terminate();
    }
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  #welcome(socket) {
    if (this.#waiting) {
      this.#waiting.push(socket);
      return;
    }
    this.count += 1;
    const socketId = `1.${this.count}`;
    const connection = { socket, channels: new Set() };
    this.sockets.set(socketId, connection);
    socket.on("close", () => this.sockets.delete(socketId));
    socket.on("message", (message) => this.#hear(socketId, connection, JSON.parse(message)));
    write(socket, {
      event: "pusher:connection_established",
      data: JSON.stringify({ socket_id: socketId, activity_timeout: 120 }),
    });
  }

  #hear(socketId, { socket, channels }, { event, data }) {
    this.heard.push({ socketId, event, data });
    if (event === "pusher:ping") {
      write(socket, { event: "pusher:pong", data: {} });
    } else if (event === "pusher:subscribe") {
      const { channel, auth, channel_data: member } = data;
      // The channel of a signed-in user needs no other proof.
      if (!channel.startsWith("#server-to-user-") && auth !== sign([socketId, channel, member])) {
        this.#refuse(socket, `the signature of ${channel} is not that of ${socketId}`);
        return;
      }
      channels.add(channel);
      write(socket, { event: "pusher_internal:subscription_succeeded", channel, data: JSON.stringify(presence(member)) });
    } else if (event === "pusher:unsubscribe") {
      channels.delete(data.channel);
    } else if (event === "pusher:signin") {
      if (data.auth !== sign([`${socketId}::user`, data.user_data])) {
        this.#refuse(socket, `the signature of the user is not that of ${socketId}`);
        return;
      }
      write(socket, { event: "pusher:signin_success", data: JSON.stringify({ user_data: data.user_data }) });
    }
  }

  #refuse(socket, fault) {
    this.faults.push(fault);
    socket.close(4009, fault);
  }

  async #respond(request, response) {
    const sent = await text(request);
    const isJson = request.headers["content-type"] === "application/json";
    const body = isJson ? JSON.parse(sent) : Object.fromEntries(new URLSearchParams(sent));
    const asked = { path: request.url, token: request.headers.authorization?.replace("Bearer ", ""), body };
    this.asked.push(asked);
    await this.before(asked);
    const { status = 200, headers = {}, body: answer } = this.answer(asked) ?? { body: granted(asked) };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
  }
}

function granted({ path, token, body }) {
  if (path === "/pusher/user-auth") {
    const user = JSON.stringify({ id: token });
    return { auth: sign([`${body.socket_id}::user`, user]), user_data: user };
  }
  const member = body.channel_name.startsWith("presence-") ? JSON.stringify({ user_id: token, user_info: { username: token } }) : undefined;
  return { auth: sign([body.socket_id, body.channel_name, member]), channel_data: member };
}

/** Pusher's data for the subscriber of a presence channel; here the subscriber is the only member. */
function presence(member) {
  if (member === undefined) {
    return {};
  }
  const { user_id: id, user_info: info } = JSON.parse(member);
  return { presence: { ids: [id], hash: { [id]: info }, count: 1 } };
}

const sign = (parts) =>
  `${KEY}:${createHmac("sha256", SECRET).update(parts.filter((part) => part !== undefined).join(":")).digest("hex")}`;

const write = (socket, message) => socket.send(JSON.stringify(message));
