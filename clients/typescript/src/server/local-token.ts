import { fetchInTime, refusal } from "../request.js";
import type { Claims } from "./sign-token.js";

/** Whether an address is this machine's. */
export function isLocal(apiUrl: string): boolean {
  const { hostname } = new URL(apiUrl);
  return ["localhost", "127.0.0.1", "[::1]"].includes(hostname) || hostname.endsWith(".localhost");
}

/** Claims that the local stack does not sign for others. */
const UNKNOWN = "The local stack signs no further claims. Start it with --env-file, and sign tokens with the JWT_SECRET in that file";

/**
 * A token of the stack that `cargo local` runs on this machine, which signs them for programs of this machine.
 *
 * @throws RefusedError when the stack takes the tokens of your issuer alone
 */
export async function localToken(apiUrl: string, claims: Claims, expiresIn: number): Promise<string> {
  const { sub, name, picture, roles, channels, aud, hotel, booking, ...others } = claims;
  if (Object.keys(others).length > 0) {
    throw new Error(UNKNOWN);
  }
  const hours = Math.max(1, Math.ceil(expiresIn / 3600));
  const wanted = aud === "guest" ? { hotel, booking, name, hours } : { userId: sub, name, picture, roles, channels, hours };
  const { origin } = new URL(apiUrl);
  const response = await fetchInTime(`${origin}/console/token`, {
    method: "POST",
    // A page of another origin cannot send this, so it gets no token.
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify(wanted),
  });
  if (!response.ok) {
    throw await refusal(response);
  }
  return ((await response.json()) as { token: string }).token;
}
