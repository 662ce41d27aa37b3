import { type Api, createApi } from "../api.js";
import { backoff } from "../backoff.js";
import type { NotificationRequested } from "../generated/asyncapi.js";
import type { components } from "../generated/openapi.js";
import { type Attempts, untilDone } from "../request.js";
import { type Token, tokenNow } from "../token.js";
import { isLocal, localToken } from "./local-token.js";
import { type PusherApp, signedPath } from "./pusher-request.js";
import { type Claims, type SigningKey, type SignOptions, signToken } from "./sign-token.js";

/** A service's token is renewed when it is valid for less than this. */
const RENEWED_BEFORE_MS = 60_000;
const SERVICE_SECONDS = 3600;
/** The first wait before users are tried again whose notification failed. */
const FAILED_DELAY_MS = 500;

/** How a back end reaches Carillon. */
export interface BackendOptions {
  /** Address of the stack: its output `ApiUrl`, or `http://localhost:3000`. */
  apiUrl: string;
  /**
   * Signs tokens: `JWT_SECRET` of the stack, or the private key of your issuer. Without it and without `token`, the stack must be the one of
   * this machine, which signs them itself.
   */
  key?: SigningKey | undefined;
  /** Claims of every token that is signed, such as `iss` and `aud`. */
  claims?: Claims | undefined;
  /** This back end's id in its tokens; by default `backend`. */
  service?: string | undefined;
  /** A token with the role `service`, or a function that returns one, where another program signs them. */
  token?: Token | undefined;
  /** The Pusher app of the stack, which `publish` needs. */
  app?: PusherApp | undefined;
}

/** The result for each of several users. */
export type NotificationResult = components["schemas"]["NotificationResults"]["results"][number];

export interface NotifyOptions extends Attempts {
  /** The same key notifies once, however often it is sent. By default a new one for each call, so that its attempts notify once. */
  idempotencyKey?: string | undefined;
}

export interface PublishOptions extends NotifyOptions {
  /** A connection that does not get the event: the one that caused it. */
  socketId?: string | undefined;
}

/** An event of a batch. */
export interface PublishedEvent {
  channel: string;
  name: string;
  /** Any JSON; at most 10,240 bytes. */
  data: unknown;
  socketId?: string | undefined;
}

export interface Backend {
  /** Carillon's routes, with the token of this back end. */
  api: Api;
  /** Notifies a user. Resolves once the notification is stored; its event and push follow. */
  notify(notification: NotificationRequested & { userId: string }, options?: NotifyOptions): Promise<{ notificationId: string }>;
  /**
   * Notifies up to 100 users, each with a result. Users whose result is `failed` are tried again; a `refused` one would be refused again.
   */
  notify(notification: NotificationRequested & { userIds: string[] }, options?: NotifyOptions): Promise<{ results: NotificationResult[] }>;
  /**
   * Sends an event of your own to up to 100 channels. Resolves once it is stored, and in order if you wait for it. It may arrive twice: put
   * a number into your data.
   */
  publish(channels: string | string[], event: string, data: unknown, options?: PublishOptions): Promise<void>;
  /** Sends up to ten events, all or none. */
  publishBatch(events: PublishedEvent[], options?: NotifyOptions): Promise<void>;
  /** Ends a signed-in user's connections, for example after a removal from a channel. Clients connect again, and are refused there. */
  endConnections(userId: string, options?: Attempts): Promise<void>;
  /** Signs a token for a user: `tokenFor({ sub: "ben", name: "Ben" })`. */
  tokenFor(claims: Claims, options?: SignOptions): Promise<string>;
}

/** Carillon, for a back end. Uses `fetch` and WebCrypto alone, so it runs on Node, Deno, Bun and Workers. */
export function createBackend(options: BackendOptions): Backend {
  const { key, claims, service = "backend", app } = options;
  const apiUrl = options.apiUrl.replace(/\/+$/, "");
  let renewed: { token: string; until: number } | undefined;

  async function tokenFor(wanted: Claims, { expiresIn = SERVICE_SECONDS }: SignOptions = {}): Promise<string> {
    if (key !== undefined) {
      return signToken({ ...claims, ...wanted }, key, { expiresIn });
    }
    if (isLocal(apiUrl)) {
      return localToken(apiUrl, { ...claims, ...wanted }, expiresIn);
    }
    throw new Error(`No key signs tokens for ${apiUrl}: give createBackend { key: { secret: JWT_SECRET of the stack } }`);
  }

  async function serviceToken(): Promise<string> {
    if (options.token !== undefined) {
      return tokenNow(options.token);
    }
    if (renewed === undefined || renewed.until - Date.now() < RENEWED_BEFORE_MS) {
      const until = Date.now() + SERVICE_SECONDS * 1000;
      renewed = { token: await tokenFor({ sub: service, roles: ["service"] }), until };
    }
    return renewed.token;
  }

  async function notify(notification: NotificationRequested, options: NotifyOptions = {}) {
    const { idempotencyKey = crypto.randomUUID(), tries = 5 } = options;
    const body = JSON.stringify(notification);
    for (let tried = 1; ; tried += 1) {
      const make = async (): Promise<[string, RequestInit]> => [
        `${apiUrl}/notifications`,
        {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${await serviceToken()}`, "idempotency-key": idempotencyKey },
          body,
        },
      ];
      const answer = (await (await untilDone(make, options)).json()) as { notificationId: string } & { results: NotificationResult[] };
      const isDone = !answer.results?.some(({ status }) => status === "failed");
      if (isDone || tried >= tries) {
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, backoff(FAILED_DELAY_MS, tried)));
    }
  }

  async function signed(path: string, body: string, idempotencyKey: string | undefined, attempts: Attempts): Promise<void> {
    if (app === undefined) {
      throw new Error("Events are signed by the stack's Pusher app: give createBackend { app: { appId, key, secret } }");
    }
    const headers = { "content-type": "application/json", ...(idempotencyKey && { "idempotency-key": idempotencyKey }) };
    // Each attempt is signed by itself, because a signature names its time.
    await untilDone(async () => [`${apiUrl}${await signedPath(app, "POST", path, body)}`, { method: "POST", headers, body }], attempts);
  }

  return {
    api: createApi({ apiUrl, token: serviceToken }),
    notify,
    async publish(channels, event, data, { socketId, idempotencyKey = crypto.randomUUID(), ...attempts } = {}) {
      const names = [channels].flat();
      for (const name of names) {
        checkPlain(name);
      }
      const body = JSON.stringify({ name: event, channels: names, data: written(data), socket_id: socketId });
      return signed("/events", body, idempotencyKey, attempts);
    },
    async publishBatch(events, { idempotencyKey = crypto.randomUUID(), ...attempts } = {}) {
      const batch = events.map(({ channel, name, data, socketId }) => {
        checkPlain(channel);
        return { name, channel, data: written(data), socket_id: socketId };
      });
      return signed("/batch_events", JSON.stringify({ batch }), idempotencyKey, attempts);
    },
    async endConnections(userId, attempts = {}) {
      // The signature is that of the path, in which none of these characters is escaped.
      if (!/^[-a-zA-Z0-9_=@,.;]{1,128}$/.test(userId)) {
        throw new Error("A user's id has 1 to 128 characters of a-z, A-Z, 0-9 and -_=@,.;");
      }
      return signed(`/users/${userId}/terminate_connections`, "{}", undefined, attempts);
    },
    tokenFor,
  };
}

/** Pusher's clients parse the data of an event as JSON. */
function written(data: unknown): string {
  return JSON.stringify(data ?? null);
}

function checkPlain(channel: string): void {
  if (channel.startsWith("private-encrypted-")) {
    throw new Error(`${channel} is an encrypted channel, and this does not encrypt: send with Pusher's server library for Node`);
  }
}
