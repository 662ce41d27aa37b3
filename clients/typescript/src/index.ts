export { type Api, createApi } from "./api.js";
export { type Connection, type ConnectOptions, connect } from "./connect.js";
export type { AnyEvents, AppEvents, EventsOn, MemberOn } from "./events.js";
export type * from "./generated/asyncapi.js";
export type { components, operations, paths } from "./generated/openapi.js";
export { type Notification, type NotificationList, type NotificationListState, notificationList } from "./notification-list.js";
export { CONNECTIONS_ENDED, reconnectWhenEnded } from "./reconnect.js";
export type { OnError } from "./problem.js";
export { RefusedError } from "./refused.js";
export { type ReadUntilOptions, readUntil } from "./read-until.js";
export { keepSubscribed } from "./resubscribe.js";
export { connectSocket, type SocketConnection, type SocketOptions, type SocketState } from "./socket.js";
export type { Heard, Sent } from "./sockets.js";
export { keepInSync, type SyncOptions } from "./sync.js";
export type { Token } from "./token.js";
export {
  type CarillonChannel,
  type CarillonMembers,
  type CarillonPresenceChannel,
  type CarillonPusher,
  type Pusher,
  type Subscribed,
  typed,
} from "./typed.js";

import type { PartyInvitationReceived, PartyUpdated } from "./generated/asyncapi.js";

/** The party guide's name for the payload of `party-invitation-received`. */
export type PartyInvitationEvent = PartyInvitationReceived;
/** The party guide's name for the payload of `party-updated`. */
export type PartyUpdateEvent = PartyUpdated;
