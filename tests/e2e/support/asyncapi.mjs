// docs/asyncapi.yaml as a judge of events.

import assert from "node:assert/strict";

import { Document } from "./schemas.mjs";

const document = new Document("asyncapi.yaml");

/** Every event: the channel address that it belongs to (null for the connection), its name, and where its schema is. */
export const events = Object.entries(document.root.channels).flatMap(([channel, { address, messages }]) =>
  Object.keys(messages).map((key) => {
    const message = document.resolve(["channels", channel, "messages", key]);
    return { address, name: document.at([...message, "name"]), payload: [...message, "payload"] };
  }),
);

const addresses = [...new Set(events.map((event) => event.address))].filter((address) => address !== null);

/** Whether a channel is the app's own, whose events no document of ours describes. */
export const isOwn = (channelName) => !/^(private-encrypted-cache-|private-encrypted-|private-cache-|private-|presence-cache-|presence-)(user|party|room|hotel|bail)-|^carillon-/.test(channelName);

/** The documented address of a channel, such as "presence-room-{bookId}". */
export function addressOf(channelName) {
  const fits = (address) => new RegExp(`^${address.replaceAll(/\{[^}]+\}/g, "[-a-zA-Z0-9_=@,.;]+")}$`).test(channelName);
  const address = addresses.find(fits);
  assert.ok(address, `docs/asyncapi.yaml has no channel ${channelName}`);
  return address;
}

/** Fails when the document has no such event there, or its payload is another. */
export function checkEvent(address, name, data) {
  const event = events.find((event) => event.address === address && event.name === name);
  assert.ok(event, `${name} came on ${address ?? "the connection"}, which docs/asyncapi.yaml does not document`);
  assert.equal(document.faults(event.payload, data), "", `${name} on ${address ?? "the connection"} is not as documented`);
}
