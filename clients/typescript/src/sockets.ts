import type { Sockets } from "./generated/asyncapi.js";

type Listeners<Events> = { [Event in keyof Events]: (data: Events[Event]) => void };

/**
 * The events that a client of a namespace receives, for the types of socket.io-client:
 *
 * ```ts
 * const socket: Socket<Heard<"dashboard">, Sent<"dashboard">> = io(`${url}/dashboard`, { query: { userId, token }, transports: ["websocket"] });
 * ```
 */
export type Heard<Namespace extends keyof Sockets> = Sockets[Namespace] extends { heard: infer Events } ? Listeners<Events> : never;

/** The events that a client of a namespace sends. */
export type Sent<Namespace extends keyof Sockets> = Sockets[Namespace] extends { sent: infer Events } ? Listeners<Events> : never;
