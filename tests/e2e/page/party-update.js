/**
 * The party after an update that Pusher brought; the same one when the update is about another. Null when `userId` is in it no
 * longer: the page then unsubscribes, as Pusher does not do that for clients that have not signed in.
 */
export function afterUpdate(party, { partyId, updateType, data }, userId) {
  if (party?.partyId !== partyId) {
    return party;
  }
  const others = party.members.filter(({ userId }) => userId !== data.userId);
  switch (updateType) {
    case "member-joined":
      return { ...party, members: [...others, { ...data, role: "member" }] };
    case "member-left":
      return data.userId === userId ? null : { ...party, members: others };
    case "settings-changed":
      return { ...party, ...data };
    default:
      return party;
  }
}
