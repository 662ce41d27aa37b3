/** The party after an update that Pusher brought; the same one when the update is about another. */
export function afterUpdate(party, { partyId, updateType, data }) {
  if (party?.partyId !== partyId) {
    return party;
  }
  const others = party.members.filter(({ userId }) => userId !== data.userId);
  switch (updateType) {
    case "member-joined":
      return { ...party, members: [...others, { ...data, role: "member" }] };
    case "member-left":
      return { ...party, members: others };
    case "settings-changed":
      return { ...party, ...data };
    default:
      return party;
  }
}
