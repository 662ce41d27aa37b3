// The party guide's components, with the package's hook instead of their own.

import { useQueryClient } from "@tanstack/react-query";
import { useAuth } from "@/hooks/useAuth";
import { CarillonProvider, useChannel, usePusher } from "carillon/react";
import type { ReactNode } from "react";
import { toast } from "sonner";

interface PartyInvitationEvent {
  partyId: string;
  partyName: string;
  invitedBy: {
    id: string;
    username: string;
  };
  invitedAt: string; // ISO 8601 timestamp
}

interface PartyUpdateEvent {
  partyId: string;
  updateType: "member-joined" | "member-left" | "settings-changed";
  data: Record<string, any>;
  updatedAt: string;
}

interface PresenceMember {
  id: string;
  info: {
    username: string;
    avatar?: string;
  };
}

interface UsePusherOptions {
  onPartyInvitation?: (data: PartyInvitationEvent) => void;
  onPartyUpdate?: (data: PartyUpdateEvent) => void;
}

export function NotificationProvider({ children }: { children: ReactNode }) {
  const { isConnected, error } = usePusher({
    onPartyInvitation: (invitation) => {
      toast.info(`You've been invited to ${invitation.partyName}!`, {
        description: `Invited by ${invitation.invitedBy.username}`,
        action: {
          label: "View",
          onClick: () => navigate(`/parties/${invitation.partyId}`),
        },
      });
    },
  });

  if (error) {
    console.error("Pusher error:", error);
  }

  return isConnected ? children : null;
}

export function App() {
  const queryClient = useQueryClient();

  usePusher({
    onPartyInvitation: (data) => {
      toast.success(`You've been invited to ${data.partyName}!`, {
        description: `Invited by ${data.invitedBy.username}`,
        action: { label: "View", onClick: () => navigate(`/parties/${data.partyId}`) },
      });
      queryClient.invalidateQueries({ queryKey: ["party-invitations"] });
    },
  });

  return <div>{/* Your app content */}</div>;
}

/** Callbacks that are typed by the guide's own interfaces fit too. */
export function Typed({ options }: { options: UsePusherOptions }) {
  const { pusher, isConnected, error } = usePusher(options);
  useChannel("presence-party-1", {
    "pusher:member_added": (member: PresenceMember) => toast.info(member.info.username),
    "pusher:member_removed": (member: PresenceMember) => toast.info(member.id),
  });
  return <p>{pusher && isConnected ? "connected" : error?.message}</p>;
}

export function Root() {
  const { user, accessToken } = useAuth();
  return (
    <CarillonProvider
      apiUrl="http://localhost:3000"
      appKey="your_app_key"
      cluster="us2"
      userId={user?.id}
      token={() => accessToken ?? ""}
    >
      <NotificationProvider>
        <App />
      </NotificationProvider>
    </CarillonProvider>
  );
}
