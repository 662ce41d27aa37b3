// docs/asyncapi.yaml, as the form for events needs it.

import { resolverOf, sampleOf } from "/console/schema.js";
import { ask } from "/console/server.js";

/** The channels of Pusher's protocol with the events that servers send there, and how references are followed. */
export async function channelsOfContract() {
  const document_ = await ask("asyncapi.json");
  const resolve = resolverOf(document_);
  const channels = Object.values(document_.channels)
    .filter(({ address, servers }) => address && !servers)
    .map(({ address, title, messages }) => ({ address, title, events: Object.values(messages).map((one) => eventOf(resolve(one), resolve)).filter(isSent) }))
    .filter(({ events }) => events.length > 0);
  return { channels, resolve };
}

function eventOf({ name, title, description, payload, examples, "x-sent-by": sender }, resolve) {
  const schema = resolve(payload) ?? {};
  return { name, title, description, schema, sender, sample: examples?.[0]?.payload ?? sampleOf(schema, resolve) ?? {} };
}

/** Pusher's own events come from the server of the protocol. */
const isSent = ({ name, sender }) => name && sender === "carillon" && !name.startsWith("pusher");
