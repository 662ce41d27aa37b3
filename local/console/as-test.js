// The events of the page as a test to keep: a client connects, the test sends each event again, and the client must hear it.

/** Most events of one test. */
const MOST = 20;

/** The events that a test can have: those of channels, which the mock route can send again. The oldest first. */
export function testable(events) {
  const all = events.filter(({ way, again }) => way === "pusher" && !again).toReversed();
  // One event is seen once for each connection that has it.
  const isFirst = (one, index) => all.findIndex((other) => other.channel === one.channel && other.event === one.event && other.data === one.data && other.requestId === one.requestId) === index;
  return all.filter(isFirst).slice(-MOST);
}

/** The user who may hear a channel, as its name says; for others somebody of the demo. */
function userOf(channel, { people, guest }) {
  const own = /^private-(?:encrypted-)?user-(.+)$/.exec(channel);
  if (own) {
    return { userId: own[1] };
  }
  const chat = /^private-(?:encrypted-)?hotel-(.+)-guest-chat-booking-(.+)$/.exec(channel);
  if (chat) {
    return { hotel: chat[1], booking: chat[2], name: guest.name };
  }
  return { userId: people[0].userId };
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** The text of a file for `node --test` with events that are `testable`. `subscribers` names a user for each channel where one is connected. */
export function asTest(events, { session, subscribers = {}, url = location.origin }) {
  const seen = events.map(({ channel, event, data }) => ({ channel, event, data: parsed(data) }));
  const channels = [...new Set(seen.map(({ channel }) => channel))];
  const listeners = channels.map((channel) => ({ channel, as: subscribers[channel] ? { userId: subscribers[channel] } : userOf(channel, session) }));
  const isEncrypted = channels.some((channel) => channel.startsWith("private-encrypted-"));
  const names = [...new Set(seen.map(({ event }) => event))].join(", ");
  return `// Events that the console of Carillon's local stack saw, as a test. Run it while the stack runs:
//   npm install pusher-js && node --test seen.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

import Pusher from ${JSON.stringify(isEncrypted ? "pusher-js/with-encryption" : "pusher-js")};

const url = process.env.CARILLON_URL ?? ${JSON.stringify(url)};
const PATIENCE_MS = 10_000;

/** The channels with their subscribers. Each user must be allowed to subscribe. */
const listeners = ${JSON.stringify(listeners, null, 2)};

/** The events that were seen, the oldest first. */
const seen = ${JSON.stringify(seen, null, 2)};

/** The local stack makes tokens for its own pages; a deployed one takes those of your app. */
async function tokenFor(who) {
  const headers = { "content-type": "application/json", origin: new URL(url).origin };
  const answer = await fetch(new URL("/console/token", url), { method: "POST", headers, body: JSON.stringify(who) });
  assert.equal(answer.status, 200, "a token");
  return (await answer.json()).token;
}

/** A client that is subscribed to the channel, and what it hears. */
async function listen(t, { channel, as }, { key, cluster, host, port, tls }) {
  const endpoint = as.hotel ? \`/api/guest/hotel/\${encodeURIComponent(as.hotel)}/chat/pusher/auth\` : "/pusher/auth";
  const headers = { authorization: \`Bearer \${await tokenFor(as)}\` };
  const pusher = new Pusher(key, {
    cluster,
    wsHost: host,
    wsPort: port,
    wssPort: port,
    forceTLS: tls,
    enabledTransports: ["ws", "wss"],
    channelAuthorization: { transport: "ajax", endpoint: new URL(endpoint, url).href, headers },
  });
  t.after(() => pusher.disconnect());
  const heard = [];
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(\`no subscription to \${channel}\`)), PATIENCE_MS);
    pusher.subscribe(channel).bind_global((event, data) => {
      heard.push({ event, data });
      if (event === "pusher:subscription_succeeded") {
        clearTimeout(late);
        resolve();
      } else if (event === "pusher:subscription_error") {
        clearTimeout(late);
        reject(new Error(\`\${channel} refused: \${JSON.stringify(data)}\`));
      }
    });
  });
  return heard;
}

/** Waits until the client has heard the event with this data. */
async function until(heard, { event, data }) {
  const end = Date.now() + PATIENCE_MS;
  const same = () => heard.find((one) => one.event === event && JSON.stringify(one.data) === JSON.stringify(data));
  while (!same() && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const found = same() ?? heard.findLast((one) => one.event === event);
  assert.ok(found, \`\${event} did not arrive\`);
  assert.deepEqual(found.data, data);
}

test(${JSON.stringify(`a client hears ${names}`)}, async (t) => {
  const { pusher } = await (await fetch(new URL("/console/session", url))).json();
  const heard = new Map();
  for (const listener of listeners) {
    heard.set(listener.channel, await listen(t, listener, pusher));
  }
  for (const { channel, event, data } of seen) {
    const body = JSON.stringify({ channel, event, data });
    const answer = await fetch(new URL("/pusher/mock-event", url), { method: "POST", headers: { "content-type": "application/json" }, body });
    assert.equal(answer.status, 200, await answer.text());
    await until(heard.get(channel), { event, data });
  }
});
`;
}
