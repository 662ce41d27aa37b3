// The stack's stand-in for Google's servers (tests/fcm): this tells it what to answer, and asks what it met.

import assert from "node:assert/strict";

import { stack } from "./stack.mjs";
import { until } from "./wait.mjs";

const address = `http://127.0.0.1:${stack.firebase.controlPort}/`;

/** An answer of FCM's other than 200; `field` is what an INVALID_ARGUMENT names. */
export const refusal = (status, errorCode, { field, retryAfter } = {}) => ({
  status,
  errorCode,
  field,
  retryAfter: retryAfter?.toString(),
});

async function control(command) {
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(command) });
  assert.equal(answer.status, 200, await answer.text());
}

async function met() {
  const answer = await fetch(address);
  const all = await answer.json();
  assert.deepEqual(all.faults, [], "requests that Google would not have understood");
  return all;
}

/** The messages that a device got so far. */
const sent = async (device) => (await met()).sent.filter(({ token }) => token === device);

export const fcm = {
  start: () => control({ do: "setUp", up: true }),
  /** Is out of reach from now on. */
  stop: () => control({ do: "setUp", up: false }),
  /** Answers the next requests for this device so. */
  answer: (device, ...refusals) => control({ do: "refuse", device, refusals }),
  /** Accepts no access token any more that was given before. */
  revoke: () => control({ do: "revoke" }),
  /** How many access tokens were asked for. */
  given: async () => (await met()).fetches,
  /** When each request for this device came, in milliseconds. */
  requests: async (device) => (await met()).requests.filter(([of]) => of === device).map(([, at]) => at),
  sent,
  /** Resolves to the messages of this device as soon as there are so many. */
  async got(device, howMany = 1) {
    await until(`push ${howMany} to ${device}`, async () => (await sent(device)).length >= howMany);
    return sent(device);
  },
};
