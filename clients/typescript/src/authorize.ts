import { backoff } from "./backoff.js";
import type { components } from "./generated/openapi.js";
import { RefusedError } from "./refused.js";
import { fetchInTime, refusal, retryAfter } from "./request.js";
import { mayPass } from "./resubscribe.js";
import { type Token, tokenNow } from "./token.js";

/** Attempts of one authorization before the page gets an error. */
const TRIES = 5;
const FIRST_DELAY_MS = 500;

/** Whether a failed authorization may succeed in a moment: Carillon failed, asked to wait, or could not be reached. */
export const isPassing = (error: unknown) => !(error instanceof RefusedError) || mayPass(error.status);

type Bodies = {
  "/pusher/auth": [components["schemas"]["ChannelAuthorizationRequest"], components["schemas"]["ChannelAuthorization"]];
  "/pusher/user-auth": [components["schemas"]["UserAuthenticationRequest"], components["schemas"]["UserAuthentication"]];
};

/** The address and the token for authorizations. */
export interface Authorizer {
  /** Address of the Carillon stack, such as `http://localhost:3000`. */
  apiUrl: string;
  token: Token;
  /** Address that authorizes channels, if it is not `{apiUrl}/pusher/auth`. */
  channelAuthUrl?: string | undefined;
}

/**
 * Asks for the authorization of a channel, or of the connection. Retries while the server fails or asks to wait. Resolves to
 * `undefined` once `isWanted` returns false.
 *
 * @throws RefusedError when Carillon refuses, or fails at the last attempt
 */
export async function authorization<Path extends keyof Bodies>(
  authorizer: Authorizer,
  path: Path,
  body: Bodies[Path][0],
  isWanted: () => boolean,
  tries = TRIES,
): Promise<Bodies[Path][1] | undefined> {
  const url =
    path === "/pusher/auth" && authorizer.channelAuthUrl
      ? authorizer.channelAuthUrl
      : `${authorizer.apiUrl.replace(/\/+$/, "")}${path}`;
  for (let tried = 1; ; tried += 1) {
    const isLast = tried >= tries;
    let wait = backoff(FIRST_DELAY_MS, tried);
    try {
      const response = await post(url, await tokenNow(authorizer.token), body);
      if (!isWanted()) {
        return undefined;
      }
      if (response.ok) {
        return (await response.json()) as Bodies[Path][1];
      }
      if (isLast || !mayPass(response.status)) {
        throw await refusal(response);
      }
      wait = Math.max(wait, retryAfter(response));
    } catch (error) {
      // The token, or the server, may be available in a moment.
      if (isLast || error instanceof RefusedError) {
        throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!isWanted()) {
      return undefined;
    }
  }
}

function post(url: string, token: string, body: object): Promise<Response> {
  return fetchInTime(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
}
