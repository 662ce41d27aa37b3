/**
 * A user's bearer token, or a function that gives it. The function is called for every request, so that a connection outlives the
 * token that it began with: give the token that is valid now, renewing it where it is about to expire.
 */
export type Token = string | (() => string | Promise<string>);

/** The token that is valid now. */
export async function tokenNow(token: Token): Promise<string> {
  return typeof token === "string" ? token : token();
}
