import { localToken } from "../server/local-token.js";
import { type Claims, signToken } from "../server/sign-token.js";
import { Failure } from "./failure.js";
import type { Settings } from "./settings.js";

const HOUR = 3600;

/** A token with these claims: signed by the secret of the environment, or by the stack of this machine. */
export async function signed({ url, isLocal, jwtSecret, claims: common }: Settings, claims: Claims, hours: number): Promise<string> {
  const all: Claims = { ...common, ...claims };
  if (jwtSecret !== undefined) {
    return signToken(all, { secret: jwtSecret }, { expiresIn: hours * HOUR });
  }
  if (isLocal) {
    return localToken(url, claims, hours * HOUR);
  }
  throw new Failure(
    `No secret signs tokens for ${url}: set CARILLON_JWT_SECRET to the stack's JWT_SECRET, or CARILLON_TOKEN to a token that your app issued`,
  );
}

/** The token of the environment, or else a signed one. */
export async function bearer(settings: Settings, claims: Claims): Promise<string> {
  return settings.token ?? signed(settings, claims, 12);
}
