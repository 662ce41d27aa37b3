import { utf8 } from "./encoding.js";
import { hmac } from "./hmac.js";
import { md5 } from "./md5.js";

/** The app whose key and secret sign requests to Pusher's HTTP API. */
export interface PusherApp {
  appId: string;
  key: string;
  secret: string;
}

/** The path and query of a signed request. The signature holds for ten minutes. */
export async function signedPath({ appId, key, secret }: PusherApp, method: string, path: string, body: string): Promise<string> {
  const whole = `/apps/${encodeURIComponent(appId)}${path}`;
  // Sorted by name.
  const query = [
    `auth_key=${key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
    "auth_version=1.0",
    `body_md5=${md5(utf8(body))}`,
  ].join("&");
  return `${whole}?${query}&auth_signature=${await hmac(secret, [method, whole, query].join("\n"))}`;
}
