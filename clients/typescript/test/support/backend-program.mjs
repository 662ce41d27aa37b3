// A back end of its own, which runs in Node, Deno and Bun.

import { createBackend, signToken, verifyWebhook } from "../../dist/server/index.js";

const { API_URL, WEBHOOK, SIGNATURE } = globalThis.Deno?.env.toObject() ?? process.env;
const app = { appId: "1000", key: "key", secret: "secret" };
const backend = createBackend({ apiUrl: API_URL, key: { secret: "jwt" }, app });

const { notificationId } = await backend.notify({ userId: "ben", type: "SYSTEM" });
await backend.publish("news", "stock", { left: 7 });

const { privateKey } = await crypto.subtle.generateKey(
  { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
  true,
  ["sign", "verify"],
);
const tokens = [await signToken({ sub: "ben" }, { secret: "jwt" }), await signToken({ sub: "ben" }, { privateKey })];
const headers = { "x-pusher-key": "key", "x-pusher-signature": SIGNATURE };
const webhook = await verifyWebhook(new Request("https://app.example", { method: "POST", headers, body: WEBHOOK }), app);
const forged = await verifyWebhook({ headers, body: `${WEBHOOK} ` }, app).catch(({ name }) => name);
console.log(JSON.stringify({ notificationId, parts: tokens.map((token) => token.split(".").length), webhook: webhook.events.length === 0, forged }));
