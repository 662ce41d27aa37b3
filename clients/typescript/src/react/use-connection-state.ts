import { useCallback, useSyncExternalStore } from "react";

import type { CarillonPusher } from "../typed.js";
import { useCarillon } from "./context.js";

/** pusher-js's words. `unavailable`: no connection for a while, and it is tried again; `failed`: the browser has no WebSocket. */
export type ConnectionState = "initialized" | "connecting" | "connected" | "unavailable" | "failed" | "disconnected";

/** The state of the one connection, for a notice such as "You are offline". Without a signed-in user it is `disconnected`. */
export function useConnectionState(): ConnectionState {
  return useStateOf(useCarillon().pusher);
}

/** The state of this connection. */
export function useStateOf(pusher: CarillonPusher | null): ConnectionState {
  const subscribe = useCallback(
    (changed: () => void) => {
      pusher?.connection.bind("state_change", changed);
      return () => {
        pusher?.connection.unbind("state_change", changed);
      };
    },
    [pusher],
  );
  return useSyncExternalStore(
    subscribe,
    () => (pusher?.connection.state ?? "disconnected") as ConnectionState,
    () => "disconnected",
  );
}
