// JSON Web Tokens, good ones and forged ones.

import { createHmac } from "node:crypto";

import { stack } from "./stack.mjs";

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const HASHES = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

/** Seconds since 1970, so many from now. */
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A token with these claims. Without further words it is one that the stack accepts. */
export function token(claims, { alg = "HS256", secret = stack.jwtSecret } = {}) {
  const signed = `${encoded({ alg, typ: "JWT" })}.${encoded({ exp: inSeconds(600), ...claims })}`;
  const signature = HASHES[alg] ? createHmac(HASHES[alg], secret).update(signed).digest("base64url") : "";
  return `${signed}.${signature}`;
}
