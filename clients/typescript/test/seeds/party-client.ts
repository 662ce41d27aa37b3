// The party guide's own pusher-js client, with types.

import { type PartyInvitationEvent, type PartyUpdateEvent, type Pusher as Client, typed } from "carillon";
import Pusher from "pusher-js";

declare const token: string;
declare const user: { id: string };
declare const options: {
  onPartyInvitation?: (data: PartyInvitationEvent) => void;
  onPartyUpdate?: (data: PartyUpdateEvent) => void;
};

const client: Client = new Pusher("your_app_key", {
  cluster: "us2",
  authorizer: (channel) => ({
    authorize: async (socketId, callback) => {
      try {
        const response = await fetch("/pusher/auth", {
          method: "POST",
          headers: {
            "Content-Type": "application/json",
            Authorization: `Bearer ${token}`,
          },
          body: JSON.stringify({
            socket_id: socketId,
            channel_name: channel.name,
          }),
        });

        if (!response.ok) {
          throw new Error("Auth failed");
        }

        const data = await response.json();
        callback(null, data);
      } catch (error) {
        callback(error as Error, null);
      }
    },
  }),
});
const pusher = typed(client);

pusher.connection.bind("connected", () => {});
pusher.connection.bind("error", (err: any) => console.error(err));

const userChannel = pusher.subscribe(`private-user-${user.id}`);
if (options.onPartyInvitation) {
  userChannel.bind("party-invitation-received", options.onPartyInvitation);
}
userChannel.bind("pusher:subscription_error", (err: any) => {
  console.error("Subscription error:", err);
});
if (options.onPartyUpdate) {
  pusher.subscribe("private-party-1").bind("party-updated", options.onPartyUpdate);
}

userChannel.unbind_all();
pusher.unsubscribe(`private-user-${user.id}`);
pusher.disconnect();
