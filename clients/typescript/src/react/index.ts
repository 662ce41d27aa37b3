"use client";

export type { Notification } from "../notification-list.js";
export { type CarillonContext, useCarillon } from "./context.js";
export { Inbox, type InboxProps } from "./inbox/inbox.js";
export { ENGLISH, type InboxStrings } from "./inbox/strings.js";
export { CarillonProvider, type CarillonProviderProps } from "./provider.js";
export { type ChannelState, type Handlers, type PollOptions, useChannel } from "./use-channel.js";
export { type ConnectionState, useConnectionState } from "./use-connection-state.js";
export { type NotificationsState, useNotifications, type UseNotificationsOptions } from "./use-notifications.js";
export { type PresenceState, usePresence } from "./use-presence.js";
export { type PusherState, usePusher, type UsePusherOptions } from "./use-pusher.js";
