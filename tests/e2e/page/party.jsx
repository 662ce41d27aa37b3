/** A party and who is in it; `isLive` when changes arrive by themselves. */
export function Party({ party, isLive, onInvite }) {
  return (
    <section aria-label={party.partyName}>
      <h1>{party.partyName}</h1>
      <p>{isLive ? "Live" : "Not live"}</p>
      <ul aria-label="Members">
        {party.members.map(({ userId, username }) => (
          <li key={userId}>{userId === party.ownerId ? `${username} (owner)` : username}</li>
        ))}
      </ul>
      <form action={(data) => onInvite(data.get("userId"))}>
        <label>
          User id <input name="userId" required />
        </label>
        <button>Invite</button>
      </form>
    </section>
  );
}
