/** What the guide shows when an invitation comes; `onAnswer` is called with "accept" or "decline". */
export function InvitationToast({ invitation, onAnswer }) {
  return (
    <div className="toast" role="alertdialog" aria-label="Invitation">
      <strong>You&apos;ve been invited to {invitation.partyName}!</strong>
      <p>Invited by {invitation.invitedBy.username}</p>
      <button onClick={() => onAnswer("accept")}>Accept</button> <button onClick={() => onAnswer("decline")}>Decline</button>
    </div>
  );
}
