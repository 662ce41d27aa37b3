// Many real clients, run by `cargo local chaos`. Each line of the input is a subscription, {"user", "token", "channel"}; each
// line of the output is an event that one of them received, {"channel", "name", "data"}.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import Pusher from "pusher-js";

import { connectionOf } from "./connection.mjs";

const AGAIN_AFTER = 1_000;

const stack = JSON.parse(readFileSync(process.env.CARILLON_STACK, "utf8"));
const clients = new Map();

function clientOf(user, token) {
  if (!clients.has(user)) {
    const client = new Pusher(stack.pusher.key, {
      ...connectionOf(stack),
      channelAuthorization: {
        transport: "ajax",
        endpoint: new URL("/pusher/auth", stack.url).href,
        headers: { authorization: `Bearer ${token}` },
      },
    });
    clients.set(user, client);
  }
  return clients.get(user);
}

function subscribe({ user, token, channel: name }) {
  const channel = clientOf(user, token).subscribe(name);
  channel.bind_global((event, data) => {
    if (!event.startsWith("pusher:")) {
      console.log(JSON.stringify({ channel: name, name: event, data: JSON.stringify(data ?? null) }));
    }
  });
  // The authorization may have met a failure that has passed by then.
  channel.bind("pusher:subscription_error", () => setTimeout(() => channel.subscribe(), AGAIN_AFTER));
}

createInterface({ input: process.stdin }).on("line", (line) => subscribe(JSON.parse(line)));
