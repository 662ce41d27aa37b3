import type { Channel, Members } from "pusher-js";

import type { AnyEvents, EventsOn, MemberOn, OtherEvent } from "./events.js";
import type { ConnectionEvents } from "./generated/asyncapi.js";

// pusher-js is CommonJS with an ES module's types, so TypeScript's `nodenext` does not find the class by its default export.
// It finds the other types, and through them this one.
/** pusher-js's client. */
export type Pusher = Channel["pusher"];

/** pusher-js's channel; the channel's name determines the types of events and payloads. */
export interface CarillonChannel<Name extends string = string> extends Omit<Channel, "bind" | "unbind" | "trigger"> {
  name: Name;
  bind<Event extends keyof EventsOn<Name> & string>(
    event: Event,
    callback: (data: EventsOn<Name>[Event]) => void,
    context?: unknown,
  ): this;
  bind(event: OtherEvent<Name>, callback: (data: unknown) => void, context?: unknown): this;
  unbind<Event extends keyof EventsOn<Name> & string>(
    event?: Event,
    callback?: (data: EventsOn<Name>[Event]) => void,
    context?: unknown,
  ): this;
  unbind(event: OtherEvent<Name>, callback?: (data: unknown) => void, context?: unknown): this;
  /** Sends a client event to the channel's other subscribers. The Pusher app must allow client events. */
  trigger<Event extends `client-${string}`>(
    event: Event,
    data: Event extends keyof EventsOn<Name> ? EventsOn<Name>[Event] : unknown,
  ): boolean;
}

/** pusher-js's list of a presence channel's members. */
export interface CarillonMembers<Member> extends Omit<Members, "get" | "each" | "me"> {
  get(id: string): Member | null;
  each(callback: (member: Member) => void): void;
  me: Member;
}

/** pusher-js's presence channel. */
export interface CarillonPresenceChannel<Name extends string> extends CarillonChannel<Name> {
  members: CarillonMembers<MemberOn<Name>>;
}

/** The type that `subscribe` returns for a channel's name. */
export type Subscribed<Name extends string> = Name extends `presence-${string}`
  ? CarillonPresenceChannel<Name>
  : CarillonChannel<Name>;

/** Events that pusher-js emits on the channel alone. A handler that is bound on the client is never called for them. */
export type ChannelOnlyEvent = `pusher:subscription_${string}` | `pusher:member_${string}`;

/** pusher-js's client, whose channels, events and payloads are typed. */
export interface CarillonPusher extends Omit<Pusher, "subscribe" | "channel" | "bind" | "unbind"> {
  subscribe<Name extends string>(name: Name): Subscribed<Name>;
  channel<Name extends string>(name: Name): Subscribed<Name> | undefined;
  bind<Event extends Exclude<keyof (AnyEvents & ConnectionEvents) & string, ChannelOnlyEvent>>(
    event: Event,
    callback: (data: (AnyEvents & ConnectionEvents)[Event]) => void,
    context?: unknown,
  ): this;
  bind<Event extends string>(
    event: Event extends ChannelOnlyEvent ? never : Event,
    callback: (data: unknown) => void,
    context?: unknown,
  ): this;
  unbind(event?: string, callback?: (data: never) => void, context?: unknown): this;
}

/** The same client, with types for its events. It has no cost at run time. */
export function typed(pusher: Pusher): CarillonPusher {
  return pusher as unknown as CarillonPusher;
}
