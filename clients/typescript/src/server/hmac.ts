import { fromHex, hex, utf8 } from "./encoding.js";

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** HMAC-SHA256 of a text in hexadecimal. */
export async function hmac(secret: string, text: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", utf8(secret), HMAC, false, ["sign"]);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(text))));
}

/** Whether the signature is the text's. WebCrypto compares in constant time. */
export async function isHmac(secret: string, text: string, signature: string): Promise<boolean> {
  const bytes = fromHex(signature);
  if (bytes === null) {
    return false;
  }
  const key = await crypto.subtle.importKey("raw", utf8(secret), HMAC, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, bytes, utf8(text));
}
