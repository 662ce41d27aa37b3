// On the server alone: it signs tokens.

import { createBackend } from "carillon/server";

const secret = process.env.CARILLON_JWT_SECRET;

export const carillon = createBackend({
  apiUrl: process.env.NEXT_PUBLIC_CARILLON_URL ?? "http://localhost:3000",
  // The local stack signs tokens itself.
  key: secret ? { secret } : undefined,
});

/** The signed-in user. Take it from your session: everybody is Ben here. */
export async function currentUser(): Promise<{ sub: string; name: string }> {
  return { sub: "ben", name: "Ben" };
}
