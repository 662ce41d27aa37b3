// Parties, and what people do in them.

import { call, expecting } from "./api.mjs";
import { listen } from "./listener.mjs";
import { isKnown } from "./table.mjs";
import { until } from "./wait.mjs";

export const found = (as, json = { partyName: "Thursday readers" }, key) =>
  call("POST", "/parties", { as, json, headers: key && { "idempotency-key": key } });
export const read = (as, { partyId }) => call("GET", `/parties/${partyId}`, { as });
export const change = (as, { partyId }, json) => call("PATCH", `/parties/${partyId}`, { as, json });
export const handOver = (as, { partyId }, { userId }) => call("PUT", `/parties/${partyId}/owner`, { as, json: { userId } });
export const remove = (as, { partyId }, { userId }) => call("DELETE", `/parties/${partyId}/members/${userId}`, { as });
export const end = (as, { partyId }) => call("DELETE", `/parties/${partyId}`, { as });
export const leave = (as, party) => remove(as, party, as);
export const invite = (as, { partyId }, { userId }) => call("POST", `/parties/${partyId}/invitations`, { as, json: { userId } });
export const revoke = (as, { partyId }, { userId }) => call("DELETE", `/parties/${partyId}/invitations/${userId}`, { as });
export const accept = (as, { partyId }) => call("POST", `/parties/${partyId}/invitations/accept`, { as });
export const decline = (as, { partyId }) => call("POST", `/parties/${partyId}/invitations/decline`, { as });

/** The channel of a party, of one of its three kinds: "private", "private-encrypted" or "presence". */
export const channelOf = ({ partyId }, kind = "private") => `${kind}-party-${partyId}`;

/** Someone's open invitations. */
export async function invitationsOf(as) {
  return (await expecting(200, "GET", "/party-invitations?limit=100", { as })).invitations;
}

/** Has these people been here, so that they can be invited. */
export async function introduce(...people) {
  await Promise.all(
    people.map(async (person) => {
      await invitationsOf(person);
      await until("the person's profile", () => isKnown(person));
    }),
  );
}

/** Someone's new party, with these others in it. */
export async function partyOf(owner, ...others) {
  const party = await expecting(201, "POST", "/parties", { as: owner, json: { partyName: "Thursday readers" } });
  await introduce(...others);
  for (const other of others) {
    await expecting(201, "POST", `/parties/${party.partyId}/invitations`, { as: owner, json: { userId: other.userId } });
    await expecting(200, "POST", `/parties/${party.partyId}/invitations/accept`, { as: other });
  }
  return party;
}

/** A listener of a member's, subscribed to the party's channel. */
export async function listeningIn(t, member, party) {
  const listener = await listen(t, member);
  await listener.subscribe(channelOf(party));
  return listener;
}

/** A condition for a `party-updated` of this type in this party. */
export const update = ({ partyId }, updateType) => (data) => data.partyId === partyId && data.updateType === updateType;
