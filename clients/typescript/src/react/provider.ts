import { createElement, type ReactElement, type ReactNode, useEffect, useMemo, useState } from "react";

import { createApi } from "../api.js";
import { type Connection, type ConnectOptions, connect } from "../connect.js";
import { tokenNow } from "../token.js";
import type { CarillonPusher } from "../typed.js";
import { Context } from "./context.js";
import { useLatest } from "./latest.js";

export interface CarillonProviderProps extends ConnectOptions {
  /** The signed-in user's id; null or undefined without one, and then there is no connection. */
  userId: string | null | undefined;
  children?: ReactNode;
}

/**
 * Keeps one connection to Pusher for all components below it. Connects again for another user, address or app, but not for a new
 * token, which is read for each request. `options` and `Pusher` are read when a connection is made.
 */
export function CarillonProvider({ children, ...props }: CarillonProviderProps): ReactElement {
  const { apiUrl, channelAuthUrl, appKey, cluster, wsHost, wsPort, forceTLS, signIn } = props;
  const userId = props.userId ?? null;
  const [pusher, setPusher] = useState<CarillonPusher | null>(null);
  const latest = useLatest(props);

  useEffect(() => {
    if (userId === null) {
      return undefined;
    }
    let connection: Connection | undefined;
    let isWanted = true;
    // React's strict mode unmounts at once what it mounts first. A connection of that moment would end before it is open, which the
    // browser's console shows as a failure.
    queueMicrotask(() => {
      if (!isWanted) {
        return;
      }
      const { options, Pusher } = latest.current;
      const onError = latest.current.onError && ((error: Error, channel?: string) => latest.current.onError?.(error, channel));
      const token = () => tokenNow(latest.current.token);
      connection = connect({
        ...{ apiUrl, channelAuthUrl, appKey, token, cluster, wsHost, wsPort, forceTLS, signIn },
        ...{ options, Pusher, onError },
      });
      setPusher(connection.pusher);
    });
    return () => {
      isWanted = false;
      connection?.close();
      setPusher(null);
    };
  }, [latest, apiUrl, channelAuthUrl, appKey, cluster, wsHost, wsPort, forceTLS, signIn, userId]);

  const api = useMemo(() => createApi({ apiUrl, token: () => tokenNow(latest.current.token) }), [apiUrl, latest]);
  const value = useMemo(() => ({ pusher, userId, api }), [pusher, userId, api]);
  return createElement(Context.Provider, { value }, children);
}
