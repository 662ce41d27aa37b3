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

/** Which of Carillon's channels a name belongs to; `never` for any other, and for a name known as `string` only. */
export type KindOf<Name extends string> = {
  [Kind in keyof ChannelNames]: Name extends ChannelNames[Kind] ? Kind : never;
}[keyof ChannelNames];

type Known = ChannelEvents[keyof ChannelEvents];

/** Every event of every channel, by name. A payload that differs from channel to channel is any of them. */
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
 * Names of events that a channel may carry beside those in {@link EventsOn}: on Carillon's channels those that clients send to each other, such
 * as `client-typing`; on others any.
 */
export type OtherEvent<Name extends string> = [KindOf<Name>] extends [never] ? string : `client-${string}`;

/** A member as a presence channel shows them; `never` on other channels. */
export type MemberOn<Name extends string> =
  EventsOn<Name> extends { "pusher:member_added": infer Member } ? Member : never;
