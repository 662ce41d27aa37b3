// The integration guide's hook.

import Pusher from "pusher-js";
import { useEffect, useEffectEvent, useState } from "react";

import { useAuth } from "./session.jsx";

/**
 * Connects the signed-in user to Pusher for as long as the component lives. `onPartyInvitation` hears of invitations
 * to the user; `onPartyUpdate` of every party whose channel the page subscribes to by the returned client.
 */
export function usePusher({ onPartyInvitation, onPartyUpdate } = {}) {
  const { user, accessToken } = useAuth();
  const [pusher, setPusher] = useState(null);
  const [isConnected, setIsConnected] = useState(false);
  const [isSubscribed, setIsSubscribed] = useState(false);
  const [error, setError] = useState(null);
  // A new callback with each rendering must not mean a new connection.
  const invited = useEffectEvent((invitation) => onPartyInvitation?.(invitation));
  const updated = useEffectEvent((update) => onPartyUpdate?.(update));

  useEffect(() => {
    const client = connect(accessToken);
    client.connection.bind("connected", () => {
      setIsConnected(true);
      setError(null);
    });
    client.connection.bind("disconnected", () => setIsConnected(false));
    client.connection.bind("error", setError);
    client.bind("party-updated", (update) => updated(update));

    const channelName = `private-user-${user.id}`;
    const channel = client.subscribe(channelName);
    channel.bind("party-invitation-received", (invitation) => invited(invitation));
    channel.bind("pusher:subscription_succeeded", () => setIsSubscribed(true));
    channel.bind("pusher:subscription_error", ({ error }) => setError(new Error(error)));
    setPusher(client);

    return () => {
      channel.unbind_all();
      client.unsubscribe(channelName);
      client.unbind_all();
      client.disconnect();
      setPusher(null);
      setIsSubscribed(false);
    };
  }, [user.id, accessToken]);

  return { pusher, isConnected, isSubscribed, error };
}

function connect(accessToken) {
  const env = import.meta.env;
  return new Pusher(env.VITE_PUSHER_APP_KEY, {
    cluster: env.VITE_PUSHER_CLUSTER,
    ...(env.VITE_PUSHER_HOST && selfHosted(env)),
    authorizer: ({ name }) => ({
      authorize: async (socketId, callback) => {
        try {
          callback(null, await authorization(accessToken, socketId, name));
        } catch (error) {
          callback(error, null);
        }
      },
    }),
  });
}

/** What a server of one's own needs beside the guide's options. */
const selfHosted = (env) => ({
  wsHost: env.VITE_PUSHER_HOST,
  wsPort: Number(env.VITE_PUSHER_PORT),
  forceTLS: false,
  enabledTransports: ["ws"],
});

async function authorization(accessToken, socketId, channelName) {
  const response = await fetch(`${import.meta.env.VITE_API_BASE_URL}/pusher/auth`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ socket_id: socketId, channel_name: channelName }),
  });
  if (!response.ok) {
    throw new Error("Authorization failed");
  }
  return response.json();
}
