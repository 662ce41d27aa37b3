"use client";

import { useActionState } from "react";

import { send } from "./actions";

export function SendButton() {
  const [fault, action, isPending] = useActionState(send, null);
  return (
    <form action={action}>
      <button type="submit" disabled={isPending}>
        Send a notification
      </button>
      {fault !== null && <p role="alert">{fault}</p>}
    </form>
  );
}
