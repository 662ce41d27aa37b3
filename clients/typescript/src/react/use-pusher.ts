import { useEffect, useState } from "react";

import type { KudosReceived, NotificationNew, PartyInvitationReceived, PartyUpdated } from "../generated/asyncapi.js";
import { CONNECTIONS_ENDED, faultOf } from "../reconnect.js";
import type { CarillonPusher } from "../typed.js";
import { useCarillon } from "./context.js";
import { useLatest } from "./latest.js";
import { type PollOptions, useChannel } from "./use-channel.js";
import { useStateOf } from "./use-connection-state.js";

/** Callbacks for events of the signed-in user. They may be written inline: new callbacks neither connect nor subscribe again. */
export interface UsePusherOptions extends PollOptions {
  onPartyInvitation?: (invitation: PartyInvitationReceived) => void;
  /** Called for every party whose channel a component subscribes to, for example by `useChannel`. */
  onPartyUpdate?: (update: PartyUpdated) => void;
  onKudos?: (kudos: KudosReceived) => void;
  onNotification?: (notification: NotificationNew) => void;
}

export interface PusherState {
  /** Null before the first effect has run, and without a signed-in user. */
  pusher: CarillonPusher | null;
  isConnected: boolean;
  /** Whether the user's events arrive over the channel now. */
  isSubscribed: boolean;
  /** Whether `poll` is called at intervals, because Pusher cannot be reached. */
  isPolling: boolean;
  error: Error | null;
}

/** Receives the signed-in user's events, over the connection of the `CarillonProvider` above. */
export function usePusher(options: UsePusherOptions = {}): PusherState {
  const { poll, everyMs, graceMs, settleMs } = options;
  const { pusher, userId } = useCarillon();
  const { isSubscribed, isPolling, error } = useChannel(
    userId === null ? null : `private-user-${userId}`,
    {
      "party-invitation-received": (invitation) => options.onPartyInvitation?.(invitation),
      "kudos:received": (kudos) => options.onKudos?.(kudos),
      "notification:new": (notification) => options.onNotification?.(notification),
    },
    { ...(poll && { poll }), everyMs, graceMs, settleMs },
  );
  const latest = useLatest(options);

  useEffect(() => {
    const onUpdate = (update: PartyUpdated) => latest.current.onPartyUpdate?.(update);
    pusher?.bind("party-updated", onUpdate);
    return () => {
      pusher?.unbind("party-updated", onUpdate);
    };
  }, [pusher, latest]);

  const isConnected = useStateOf(pusher) === "connected";
  const connectionError = useConnectionError(pusher);
  return { pusher, isConnected, isSubscribed, isPolling, error: connectionError ?? error };
}

function useConnectionError(pusher: CarillonPusher | null): Error | null {
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    if (pusher === null) {
      return undefined;
    }
    const onError = (fault: unknown) => {
      // pusher-js connects again by itself.
      if (faultOf(fault)?.code !== CONNECTIONS_ENDED) {
        setError(new Error(wordsOf(fault)));
      }
    };
    const onConnected = () => setError(null);
    pusher.connection.bind("error", onError);
    pusher.connection.bind("connected", onConnected);
    return () => {
      pusher.connection.unbind("error", onError);
      pusher.connection.unbind("connected", onConnected);
      setError(null);
    };
  }, [pusher]);
  return error;
}

function wordsOf(fault: unknown): string {
  const { code, message } = faultOf(fault) ?? {};
  return message || (code ? `Pusher closed the connection with code ${code}` : "The connection to Pusher failed");
}
