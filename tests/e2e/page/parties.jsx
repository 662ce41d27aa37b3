import { useChannel, usePusher } from "carillon/react";
import { useState } from "react";

import { request } from "./api.js";
import { InvitationToast } from "./invitation-toast.jsx";
import { Party } from "./party.jsx";
import { afterUpdate } from "./party-update.js";
import { useAuth } from "./session.jsx";

/** The signed-in user's party, and a toast for every invitation to another. */
export function Parties() {
  const { user, accessToken } = useAuth();
  const [invitations, setInvitations] = useState([]);
  const [party, setParty] = useState(null);
  const [refusal, setRefusal] = useState(null);
  const [isLoaded, setIsLoaded] = useState(false);
  const { isConnected, isSubscribed, isPolling, error } = usePusher({
    onPartyInvitation: (invitation) => setInvitations((known) => withInvitation(known, invitation)),
    onPartyUpdate: (update) => setParty((known) => afterUpdate(known, update, user.id)),
    // What was not heard: before this page was open, or while Pusher was gone.
    poll: async () => {
      const { invitations } = await request(accessToken, "GET", "/party-invitations");
      setInvitations((known) => invitations.reduce(withInvitation, known));
      setIsLoaded(true);
    },
  });
  const { isSubscribed: isLive } = useChannel(party && `private-party-${party.partyId}`);

  const call = async (...call) => {
    try {
      setRefusal(null);
      return await request(accessToken, ...call);
    } catch (error) {
      setRefusal(error);
      return undefined;
    }
  };
  const read = async (partyId) => setParty((await call("GET", `/parties/${partyId}`)) ?? null);
  const create = async (data) => {
    const created = await call("POST", "/parties", { partyName: data.get("partyName") });
    if (created) {
      await read(created.partyId);
    }
  };
  const invite = (userId) => call("POST", `/parties/${party.partyId}/invitations`, { userId });
  const answer = async ({ partyId }, verb) => {
    const joined = await call("POST", `/parties/${partyId}/invitations/${verb}`);
    setInvitations((known) => known.filter((invitation) => invitation.partyId !== partyId));
    if (joined) {
      setParty(joined);
    }
  };

  return (
    <main>
      <p role="status">{stateOf({ isConnected, isSubscribed: isSubscribed && isLoaded, isPolling })}</p>
      {[error, refusal].map((fault, index) => fault && <p role="alert" key={index}>{fault.message}</p>)}
      {party ? <Party party={party} isLive={isLive} onInvite={invite} /> : <NewParty onCreate={create} />}
      {invitations.map((invitation) => (
        <InvitationToast key={invitation.partyId} invitation={invitation} onAnswer={(verb) => answer(invitation, verb)} />
      ))}
    </main>
  );
}

function stateOf({ isConnected, isSubscribed, isPolling }) {
  if (isSubscribed) {
    return "Listening";
  }
  if (isConnected) {
    return "Connected";
  }
  return isPolling ? "Not connected; looking every ten seconds" : "Not connected";
}

const withInvitation = (known, invitation) =>
  known.some(({ partyId }) => partyId === invitation.partyId) ? known : [...known, invitation];

function NewParty({ onCreate }) {
  return (
    <form action={onCreate}>
      <label>
        Party name <input name="partyName" required maxLength={100} />
      </label>
      <button>Create</button>
    </form>
  );
}
