import type { ChannelEvents, ChannelNames } from "./generated/asyncapi.js";

/**
 * Events that your own back end sends on Carillon's channels, by name. Empty until you add yours:
 *
 * ```ts
 * declare module "carillon" {
 *   interface AppEvents {
 *     "shelf:changed": { shelfId: string };
 *   }
 * }
 * ```
 */
export interface AppEvents {}

/** The channel of Carillon's that a name belongs to; `never` for other names, and for the type `string`. */
export type KindOf<Name extends string> = {
  [Kind in keyof ChannelNames]: Name extends ChannelNames[Kind] ? Kind : never;
}[keyof ChannelNames];

type Known = ChannelEvents[keyof ChannelEvents];

/** Every event of every channel, by name. An event with different payloads per channel has the union of them. */
export type AnyEvents = AppEvents & {
  [Event in Known extends infer Events ? (Events extends unknown ? keyof Events : never) : never]: Known extends infer Events
    ? Events extends { [Name in Event]: infer Payload }
      ? Payload
      : never
    : never;
};

/** The payloads on a channel, by event name. */
export type EventsOn<Name extends string> = [KindOf<Name>] extends [never]
  ? AnyEvents
  : AppEvents & ChannelEvents[KindOf<Name>];

/**
 * Names of events that a channel may carry besides those in {@link EventsOn}: on Carillon's channels, client events such as
 * `client-typing`; on other channels, any name.
 */
export type OtherEvent<Name extends string> = [KindOf<Name>] extends [never] ? string : `client-${string}`;

/** A member as a presence channel shows them; `never` on other channels. */
export type MemberOn<Name extends string> =
  EventsOn<Name> extends { "pusher:member_added": infer Member } ? Member : never;
