// The integration guide's hook.

import Pusher from "pusher-js";
import { useEffect, useEffectEvent, useState } from "react";

import { useAuth } from "./session.jsx";

/** The close code when a user's connections are ended, as Carillon does to whoever is removed from a party. */
const CONNECTIONS_ENDED = 4009;

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
    let isEnded = false;
    client.connection.bind("connected", () => {
      setIsConnected(true);
      setError(null);
    });
    client.connection.bind("disconnected", () => {
      setIsConnected(false);
      // The whole connection is gone, with the user's other channels, and pusher-js leaves it at that. Connected again, it
      // subscribes to all of them; the party's is refused.
      if (isEnded) {
        isEnded = false;
        client.connect();
      }
    });
    client.connection.bind("error", (fault) => {
      isEnded = codeOf(fault) === CONNECTIONS_ENDED;
      if (!isEnded) {
        setError(fault);
      }
    });
    // Pusher can end the connections of signed-in users only.
    client.signin();
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
          callback(null, await authorization(accessToken, "/pusher/auth", { socket_id: socketId, channel_name: name }));
        } catch (error) {
          callback(error, null);
        }
      },
    }),
    userAuthentication: {
      customHandler: async ({ socketId }, callback) => {
        try {
          callback(null, await authorization(accessToken, "/pusher/user-auth", { socket_id: socketId }));
        } catch (error) {
          callback(error, null);
        }
      },
    },
  });
}

/** The code of an error of pusher-js, which reports the end of a connection in two shapes. */
const codeOf = ({ data, error }) => (data ?? error?.data)?.code;

/** What a server of one's own needs beside the guide's options. */
const selfHosted = (env) => ({
  wsHost: env.VITE_PUSHER_HOST,
  wsPort: Number(env.VITE_PUSHER_PORT),
  forceTLS: false,
  enabledTransports: ["ws"],
});

async function authorization(accessToken, path, body) {
  const response = await fetch(`${import.meta.env.VITE_API_BASE_URL}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${accessToken}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error("Authorization failed");
  }
  return response.json();
}
