import { isHmac } from "./hmac.js";

/** Pusher and Carillon repeat a webhook for five minutes, with the time of the first attempt. */
const MAX_AGE_MS = 10 * 60_000;

/** An event of a webhook; unknown ones may come later. */
export type WebhookEvent =
  | { name: "channel_occupied" | "channel_vacated"; channel: string }
  | { name: "member_added" | "member_removed"; channel: string; user_id: string }
  | { name: "client_event"; channel: string; event: string; data: string; socket_id: string; user_id?: string }
  | { name: "cache_miss"; channel: string }
  | { name: "subscription_count"; channel: string; subscription_count: number };

export interface Webhook {
  /** When its events happened, in milliseconds since 1970. */
  time_ms: number;
  events: WebhookEvent[];
}

/** The app whose webhooks are taken. */
export interface WebhookApp {
  key: string;
  secret: string;
}

export interface VerifyOptions {
  /** Milliseconds after which a webhook is too old; by default ten minutes. `Infinity` takes any. */
  maxAgeMs?: number | undefined;
}

/** The webhook is not the app's. Respond with 401, and do not use its body. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
}

/** A request as a framework has it: the headers, and the body as it came, not parsed and written again. */
export interface WebhookRequest {
  headers: Headers | Record<string, string | string[] | undefined>;
  body: string;
}

/**
 * The webhook of Pusher or of a stack with `Channels=gateway`, once its signature is verified, in constant time. During a rotation, name
 * both apps: the current one, and the one before.
 *
 * ```ts
 * const { events } = await verifyWebhook(request, { key, secret }); // a `Request`, or { headers, body }
 * ```
 *
 * @throws WebhookError when the key, the signature or the age is wrong
 */
export async function verifyWebhook(
  request: Request | WebhookRequest,
  apps: WebhookApp | WebhookApp[],
  { maxAgeMs = MAX_AGE_MS }: VerifyOptions = {},
): Promise<Webhook> {
  const body = await bodyOf(request);
  const key = header(request.headers, "x-pusher-key");
  const signature = header(request.headers, "x-pusher-signature");
  if (key === null || signature === null) {
    throw new WebhookError("The request has no X-Pusher-Key or no X-Pusher-Signature, so it is no webhook");
  }
  const app = [apps].flat().find((app) => app.key === key);
  if (app === undefined) {
    throw new WebhookError("The webhook names the key of another app");
  }
  if (!(await isHmac(app.secret, body, signature))) {
    throw new WebhookError("The signature is not that of this body: check the app's secret, and take the body as it came");
  }
  const webhook = JSON.parse(body) as Webhook;
  if (Date.now() - webhook.time_ms > maxAgeMs) {
    throw new WebhookError(`The webhook is older than ${maxAgeMs / 60_000} minutes, so it may have been copied`);
  }
  return webhook;
}

/** The body as it came. */
export async function bodyOf(request: Request | WebhookRequest): Promise<string> {
  const body = request instanceof Request ? await request.text() : request.body;
  if (typeof body !== "string") {
    throw new TypeError("The body has to be the text, as it came: for Express, express.text({ type: '*/*' })");
  }
  return body;
}

/** A header's value, by its name in lowercase. */
export function header(headers: WebhookRequest["headers"], name: string): string | null {
  if (headers instanceof Headers) {
    return headers.get(name);
  }
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return (Array.isArray(found) ? found[0] : found) ?? null;
}
