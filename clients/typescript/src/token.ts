/**
 * A user's bearer token, or a function that returns it. The function is called for every request, as a connection may outlive a
 * token: return the valid token, and renew it when it is about to expire.
 */
export type Token = string | (() => string | Promise<string>);

/** The token that is valid now. */
export async function tokenNow(token: Token): Promise<string> {
  return typeof token === "string" ? token : token();
}
