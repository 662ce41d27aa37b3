"use client";

export { type CarillonContext, useCarillon } from "./context.js";
export { CarillonProvider, type CarillonProviderProps } from "./provider.js";
export { type ChannelState, type Handlers, type PollOptions, useChannel } from "./use-channel.js";
export { type PusherState, usePusher, type UsePusherOptions } from "./use-pusher.js";
