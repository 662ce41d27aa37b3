export {
  type Backend,
  type BackendOptions,
  createBackend,
  type NotificationResult,
  type NotifyOptions,
  type PublishedEvent,
  type PublishOptions,
} from "./backend.js";
export type { NotificationRequested } from "../generated/asyncapi.js";
export { type Fact, verifyFact } from "./fact.js";
export { RefusedError } from "../refused.js";
export type { Attempts } from "../request.js";
export type { PusherApp } from "./pusher-request.js";
export { type Claims, type SigningKey, type SignOptions, signToken } from "./sign-token.js";
export {
  type VerifyOptions,
  verifyWebhook,
  type Webhook,
  type WebhookApp,
  WebhookError,
  type WebhookEvent,
  type WebhookRequest,
} from "./webhook.js";
