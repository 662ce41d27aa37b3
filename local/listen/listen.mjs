// A client of the running stack that prints every event it receives, run by `cargo local listen <userId>`.

import { readFileSync } from "node:fs";

import Pusher from "pusher-js";

import { connectionOf } from "./connection.mjs";

const AGAIN_AFTER_MS = 2_000;

const [userId] = process.argv.slice(2);
const { CARILLON_TOKEN: token, CARILLON_STACK: state } = process.env;
if (!userId || !token || !state) {
  console.error("Start this with `cargo local listen <userId>`.");
  process.exit(1);
}
const stack = JSON.parse(readFileSync(state, "utf8"));

const endpoint = new URL("/pusher/auth", stack.url).href;
const headers = { authorization: `Bearer ${token}` };
const pusher = new Pusher(stack.pusher.key, {
  ...connectionOf(stack),
  channelAuthorization: {
    transport: "ajax",
    endpoint,
    headers,
  },
});

const print = (channelName, event, data) =>
  console.log(`${new Date().toISOString()}  ${channelName}  ${event}  ${JSON.stringify(data ?? null)}`);

pusher.connection.bind("state_change", ({ current }) => print("connection", current));
// A frame of the server's, such as that a limit is reached. Without this, pusher-js passes them to nobody.
pusher.connection.bind("error", (error) => {
  const { message } = error?.data ?? error?.error?.data ?? {};
  if (message) {
    console.error(`error: ${message}`);
  }
});
/** Ends, where the token may not listen as the user: it will not be able to later. */
async function refuse(name, status) {
  const body = new URLSearchParams({ socket_id: pusher.connection.socket_id, channel_name: name });
  const response = await fetch(endpoint, { method: "POST", headers, body }).catch(() => null);
  const { message } = (await response?.json().catch(() => null)) ?? {};
  console.error(`error: The token may not listen as ${userId} (${status}): ${message ?? "the stack does not say why"}`);
  process.exit(1);
}

const own = `private-user-${userId}`;
for (const name of [own, `presence-room-${stack.demo.bookId}`]) {
  const channel = pusher.subscribe(name);
  channel.bind_global((event, data) => print(name, event, data));
  // pusher-js asks once per connection. A stack that was busy may answer in a moment.
  channel.bind("pusher:subscription_error", ({ status }) => {
    if (!status || status === 429 || status >= 500) {
      setTimeout(() => channel.subscribe(), AGAIN_AFTER_MS);
    } else if (name === own) {
      refuse(name, status);
    }
  });
}

console.log("Ctrl-C ends this.");
