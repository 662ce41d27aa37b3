// docs/asyncapi.yaml as one JSON Schema, from which json-schema-to-typescript makes types.

/**
 * Has a definition for each schema and for each message's payload, and these further ones:
 *
 * - `ChannelNames`: for each channel, its names as a template literal type.
 * - `ChannelEvents`: for each channel, the payloads by event name.
 * - `ConnectionEvents`: the payloads of events outside of channels.
 * - `Sockets`: for each namespace of the WebSocket API, the payloads that a client receives and sends, by event name.
 * - `BusEvents`: for back ends, the payloads that they put on EventBridge, by detail-type.
 * - `Facts`: for back ends, the payloads that they hear there.
 */
export function eventSchema({ channels, components, operations = {}, servers }) {
  const definitions = {};
  const define = (name, schema) => {
    if (name in definitions) {
      throw new Error(`docs/asyncapi.yaml has two things named ${name}; rename one of them`);
    }
    definitions[name] = schema;
  };
  for (const [name, schema] of Object.entries(components.schemas)) {
    define(name, local(schema));
  }
  for (const [name, message] of Object.entries(components.messages)) {
    define(name, payloadOf(message));
  }

  const names = {};
  const events = {};
  const connection = {};
  const bus = {};
  const facts = {};
  const sockets = {};
  for (const [key, channel] of Object.entries(channels)) {
    const kind = kindOf(channel, servers);
    const payloads = payloadsOf(Object.keys(channel.messages), channel, components.messages);
    if (kind === "bus") {
      const isSent = carriedBy(operations, key, "send").length > 0;
      Object.assign(isSent ? facts : bus, payloads);
    } else if (kind === "pusher" && channel.address === null) {
      Object.assign(connection, payloads);
    } else if (kind === "pusher") {
      names[key] = { description: channel.title, tsType: templateOf(channel.address) };
      const name = `${capitalized(key)}Events`;
      define(name, closed(payloads, `The events on \`${channel.address}\`.`));
      events[key] = reference(name);
    } else if (kind === "socket") {
      const of = (action) => payloadsOf(carriedBy(operations, key, action), channel, components.messages);
      const name = capitalized(key);
      define(`${name}Heard`, closed(of("send"), `The events that a client of \`${channel.address}\` receives.`));
      define(`${name}Sent`, closed(of("receive"), `The events that a client of \`${channel.address}\` sends.`));
      sockets[key] = closed({ heard: reference(`${name}Heard`), sent: reference(`${name}Sent`) }, channel.title);
    }
  }
  return {
    title: "Events",
    description: "All events of docs/asyncapi.yaml.",
    ...closed({
      names: reference("ChannelNames"),
      events: reference("ChannelEvents"),
      connection: reference("ConnectionEvents"),
      sockets: reference("Sockets"),
      bus: reference("BusEvents"),
      facts: reference("Facts"),
    }),
    definitions: {
      ChannelNames: closed(names, "What the names of each channel look like."),
      ChannelEvents: closed(events, "For each channel, the payloads by event name."),
      ConnectionEvents: closed(connection, "Payloads of the events that belong to no channel, by event name."),
      Sockets: closed(sockets, "For each namespace of the WebSocket API, what a client hears and what it sends."),
      BusEvents: closed(bus, "What back ends put on the stack's event bus, by detail-type."),
      Facts: closed(facts, "What Carillon puts on the stack's event bus, by detail-type."),
      ...definitions,
    },
  };
}

/** The kind of server that sends a channel's events; Pusher unless the channel names another. */
function kindOf(channel, servers) {
  const named = channel.servers?.map(({ $ref }) => servers[$ref.split("/").at(-1)]);
  if (named === undefined) {
    return "pusher";
  }
  if (named.every(({ host }) => host.startsWith("events."))) {
    return "bus";
  }
  if (named.every(({ pathname }) => pathname?.startsWith("/app/"))) {
    return "pusher";
  }
  if (named.every(({ protocol }) => /^wss?$/.test(protocol))) {
    return "socket";
  }
  throw new Error(`No types are made for channels of ${named.map(({ host }) => host).join(" and ")}`);
}

/** The messages of a channel that the operations of one action carry; Carillon is the actor. */
function carriedBy(operations, channel, action) {
  return Object.values(operations)
    .filter((operation) => operation.action === action && operation.channel.$ref === `#/channels/${channel}`)
    .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split("/").at(-1)));
}

/** References to these payloads of a channel's messages, by event name. */
function payloadsOf(keys, channel, messages) {
  const entries = keys.map((key) => {
    const component = channel.messages[key].$ref.split("/").at(-1);
    return [messages[component].name, reference(component)];
  });
  return Object.fromEntries(entries);
}

/** A message's payload, with the message's description. A payload that is a component already gets a second name. */
function payloadOf({ title, description, payload }) {
  const said = [title && `${title}.`, description].filter(Boolean).join(" ");
  return { description: said, ...(payload.$ref ? { allOf: [local(payload)] } : local(payload)) };
}

function closed(properties, description) {
  return { type: "object", description, additionalProperties: false, required: Object.keys(properties), properties };
}

const reference = (name) => ({ $ref: `#/definitions/${name}` });

/** "private-user-{userId}" as `private-user-${string}`. */
const templateOf = (address) => `\`${address.replaceAll(/\{[^}]+\}/g, "${string}")}\``;

const capitalized = (text) => text[0].toUpperCase() + text.slice(1);

/** A copy without examples, whose references point to `definitions`, and whose properties of any value are marked as such. */
function local(value) {
  if (Array.isArray(value)) {
    return value.map(local);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "examples")
      .map(([key, inner]) => {
        if (key === "$ref") {
          return [key, inner.replace("#/components/schemas/", "#/definitions/")];
        }
        const copy = local(inner);
        return [key, key === "properties" ? mapped(copy, (schema) => (isAnything(schema) ? { ...schema, tsType: "unknown" } : schema)) : copy];
      }),
  );
}

const mapped = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

/** Whether a schema allows any value; json-schema-to-typescript would make an object type of it. */
const isAnything = (schema) => Object.keys(schema).every((key) => key === "description" || key === "title");
