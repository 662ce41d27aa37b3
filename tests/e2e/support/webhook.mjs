// Webhooks as Pusher sends them.

import { createHmac } from "node:crypto";

import { call } from "./api.mjs";
import { stack } from "./stack.mjs";

/** A webhook's body with these events. */
export const webhookBody = (events, timeMs = Date.now()) => JSON.stringify({ time_ms: timeMs, events });

/** The signature of a body by the app's secret, or by another. */
export const signatureOf = (body, secret = stack.pusher.secret) => createHmac("sha256", secret).update(body).digest("hex");

/** Sends a body as Pusher would; `key` and `signature` replace the right ones. */
export const sendWebhook = (body, { key = stack.pusher.key, signature = signatureOf(body) } = {}) =>
  call("POST", "/pusher/webhook", {
    body,
    headers: { "content-type": "application/json", "x-pusher-key": key, "x-pusher-signature": signature },
  });
