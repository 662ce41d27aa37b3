// Many real clients, run by `cargo local chaos`. Each line of the input is a subscription, {"user", "token", "channel"}. Each line of the
// output says that a client was connected ({"connection", "socket"}), that the server refused it a channel for good ({"connection",
// "refused"}, the channel), and, in milliseconds since 1970, when it was subscribed to a channel
// ({"connection", "subscribed", "channel"}), received an event ({"connection", "heard", "channel", "name", "data"}) or lost its connection
// ({"connection", "ended"}). A user has one client, whose name is the user's.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import Pusher from "pusher-js";

import { connectionOf } from "./connection.mjs";

const AGAIN_AFTER = 1_000;
/** A subscription that is not confirmed by then is asked for again: the function that had its frame may have been killed. */
const CONFIRMED_WITHIN = 15_000;
/** The user may not subscribe, or the channel is gone: it stays so. */
const REFUSALS = [401, 403, 404];

const stack = JSON.parse(readFileSync(process.env.CARILLON_STACK, "utf8"));
const clients = new Map();
const say = (line) => console.log(JSON.stringify(line));

// In Node, pusher-js throws at API Gateway's frame about a function that failed.
process.on("uncaughtException", (error) => console.error(error));

function clientOf(connection, token) {
  if (!clients.has(connection)) {
    const client = new Pusher(stack.pusher.key, {
      ...connectionOf(stack),
      channelAuthorization: {
        transport: "ajax",
        endpoint: new URL("/pusher/auth", stack.url).href,
        headers: { authorization: `Bearer ${token}` },
      },
    });
    client.connection.bind("state_change", ({ previous, current }) => {
      if (current === "connected") {
        say({ connection, socket: client.connection.socket_id });
      } else if (previous === "connected") {
        say({ connection, ended: Date.now() });
      }
    });
    clients.set(connection, client);
  }
  return clients.get(connection);
}

function subscribe(connection, token, name) {
  const client = clientOf(connection, token);
  const channel = client.subscribe(name);
  let asked = Date.now();
  let isRefused = false;
  const ask = () => {
    asked = Date.now();
    channel.subscribe();
  };
  channel.bind_global((event, data) => {
    if (event === "pusher:subscription_succeeded") {
      say({ connection, subscribed: Date.now(), channel: name });
    } else if (!event.startsWith("pusher:")) {
      say({ connection, heard: Date.now(), channel: name, name: event, data: JSON.stringify(data ?? null) });
    }
  });
  // The authorization may have met a failure that has passed by then.
  channel.bind("pusher:subscription_error", ({ status }) => {
    isRefused = REFUSALS.includes(status);
    if (isRefused) {
      say({ connection, refused: name });
    } else {
      setTimeout(ask, AGAIN_AFTER);
    }
  });
  client.connection.bind("connected", () => (asked = Date.now()));
  setInterval(() => {
    if (!isRefused && !channel.subscribed && client.connection.state === "connected" && Date.now() - asked > CONFIRMED_WITHIN) {
      ask();
    }
  }, AGAIN_AFTER);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { user, token, channel } = JSON.parse(line);
  subscribe(user, token, channel);
});
