import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { eventSchema } from "../scripts/event-schema.mjs";

const generate = fileURLToPath(new URL("../scripts/generate.mjs", import.meta.url));

test("src/generated is what docs/openapi.yaml and docs/asyncapi.yaml say", async () => {
  await promisify(execFile)(process.execPath, [generate, "--check"]);
});

const MESSAGE = { name: "thing:done", payload: { type: "object", properties: {} } };
const document = (channels, messages = { ThingDone: MESSAGE }, schemas = {}, operations = {}) => ({
  operations,
  servers: {
    pusher: { host: "ws-{cluster}.pusher.com", pathname: "/app/{key}" },
    bus: { host: "events.{region}.amazonaws.com" },
    sockets: { host: "example.org", protocol: "wss" },
    other: { host: "mqtt.example.org", protocol: "mqtt" },
  },
  channels,
  components: { messages, schemas },
});
const carrying = (address, ...servers) => ({
  address,
  servers: servers.length > 0 ? servers.map((name) => ({ $ref: `#/servers/${name}` })) : undefined,
  messages: { thingDone: { $ref: "#/components/messages/ThingDone" } },
});

test("a channel's name is a template of its address, and its events are listed by name", () => {
  const { definitions } = eventSchema(document({ thing: carrying("private-thing-{a}-of-{b}") }));
  assert.equal(definitions.ChannelNames.properties.thing.tsType, "`private-thing-${string}-of-${string}`");
  assert.deepEqual(definitions.ThingEvents.properties, { "thing:done": { $ref: "#/definitions/ThingDone" } });
});

test("events of EventBridge are apart from those of Pusher", () => {
  const { definitions } = eventSchema(document({ bus: carrying("carillon-{stage}", "bus") }));
  assert.deepEqual(Object.keys(definitions.BusEvents.properties), ["thing:done"]);
  assert.deepEqual(definitions.ChannelEvents.properties, {});
});

test("facts are apart from what back ends put on the bus", () => {
  const operations = { send: { action: "send", channel: { $ref: "#/channels/facts" }, messages: [{ $ref: "#/channels/facts/messages/thingDone" }] } };
  const { definitions } = eventSchema(document({ facts: carrying("carillon-{stage}", "bus") }, undefined, {}, operations));
  assert.deepEqual(Object.keys(definitions.Facts.properties), ["thing:done"]);
  assert.deepEqual(definitions.BusEvents.properties, {});
});

test("a socket's client receives the events that Carillon sends, and the other way round", () => {
  const operations = {
    send: { action: "send", channel: { $ref: "#/channels/dashboard" }, messages: [{ $ref: "#/channels/dashboard/messages/thingDone" }] },
  };
  const { definitions } = eventSchema(document({ dashboard: carrying("/dashboard", "sockets") }, undefined, {}, operations));
  assert.deepEqual(Object.keys(definitions.DashboardHeard.properties), ["thing:done"]);
  assert.deepEqual(Object.keys(definitions.DashboardSent.properties), []);
  assert.deepEqual(definitions.ChannelEvents.properties, {});
});

test("a channel of a server that nobody has thought of is refused, rather than left out", () => {
  assert.throws(() => eventSchema(document({ thing: carrying("things", "other") })), /mqtt\.example\.org/);
});

test("a property of which nothing is said may be any value", () => {
  const payload = { type: "object", properties: { content: { description: "Text, or what only the receiver can read." }, at: { type: "string" } } };
  const { definitions } = eventSchema(document({}, { ThingDone: { ...MESSAGE, payload } }));
  assert.equal(definitions.ThingDone.properties.content.tsType, "unknown");
  assert.equal(definitions.ThingDone.properties.at.tsType, undefined);
});

test("a message and a schema of one name are refused, as one type would hide the other", () => {
  assert.throws(() => eventSchema(document({}, undefined, { ThingDone: {} })), /two things named ThingDone/);
});
