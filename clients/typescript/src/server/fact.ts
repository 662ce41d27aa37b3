import type { Facts } from "../generated/asyncapi.js";
import { hmac, isHmac } from "./hmac.js";
import { bodyOf, header, WebhookError, type WebhookRequest } from "./webhook.js";

/** A fact as EventBridge posts it. Drop duplicates by `detail.id`; facts may arrive in another order than that of `detail.time`. */
export type Fact = {
  [Type in keyof Facts]: { source: "carillon"; "detail-type": Type; detail: Facts[Type] };
}[keyof Facts];

/**
 * The fact that EventBridge posted to `FactsUrl`, once its key is compared, in constant time, with the stack's `FACTS_KEY`. While the key
 * is changed, name both. Answer with 2xx within five seconds.
 *
 * @throws WebhookError when the key is another one: respond with 401
 */
export async function verifyFact(request: Request | WebhookRequest, keys: string | string[]): Promise<Fact> {
  const given = header(request.headers, "x-carillon-key");
  if (given === null || given === "") {
    throw new WebhookError("The request has no x-carillon-key, so it is no fact");
  }
  // Signatures are compared in constant time, unlike texts.
  const nonce = crypto.randomUUID();
  const signature = await hmac(given, nonce);
  const matches = await Promise.all([keys].flat().map((key) => key !== "" && isHmac(key, nonce, signature)));
  if (!matches.includes(true)) {
    throw new WebhookError("The request's x-carillon-key is not the FACTS_KEY of the stack");
  }
  return JSON.parse(await bodyOf(request)) as Fact;
}
