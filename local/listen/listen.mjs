// A client of the running stack that prints every event it receives, run by `cargo local listen <userId>`.

import { readFileSync } from "node:fs";

import Pusher from "pusher-js";

const AGAIN_AFTER_MS = 2_000;

const [userId] = process.argv.slice(2);
const { CARILLON_TOKEN: token, CARILLON_STACK: state } = process.env;
if (!userId || !token || !state) {
  console.error("Start this with `cargo local listen <userId>`.");
  process.exit(1);
}
const stack = JSON.parse(readFileSync(state, "utf8"));

const pusher = new Pusher(stack.pusher.key, {
  cluster: "mt1",
  wsHost: stack.pusher.host,
  wsPort: stack.pusher.port,
  forceTLS: false,
  enabledTransports: ["ws"],
  enableStats: false,
  channelAuthorization: {
    transport: "ajax",
    endpoint: new URL("/pusher/auth", stack.url).href,
    headers: { authorization: `Bearer ${token}` },
  },
});

const print = (channelName, event, data) =>
  console.log(`${new Date().toISOString()}  ${channelName}  ${event}  ${JSON.stringify(data ?? null)}`);

pusher.connection.bind("state_change", ({ current }) => print("connection", current));
for (const name of [`private-user-${userId}`, `presence-room-${stack.demo.bookId}`]) {
  const channel = pusher.subscribe(name);
  channel.bind_global((event, data) => print(name, event, data));
  // pusher-js asks once per connection. A stack that was busy may answer in a moment.
  channel.bind("pusher:subscription_error", ({ status }) => {
    if (!status || status === 429 || status >= 500) {
      setTimeout(() => channel.subscribe(), AGAIN_AFTER_MS);
    }
  });
}

console.log("Ctrl-C ends this.");
