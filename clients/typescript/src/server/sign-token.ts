import { base64url, fromBase64, utf8 } from "./encoding.js";

/** Validity of a token in seconds, if not said otherwise. */
const AN_HOUR = 3600;
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** A token's claims. Carillon reads `sub`, `exp`, `name`, `picture`, `roles` and `channels`, unless the stack's settings name others. */
export interface Claims {
  /** The user's id: 1 to 128 characters of `[-a-zA-Z0-9_=@,.;]`, since it becomes part of channel names. */
  sub?: string;
  name?: string;
  /** Address of the user's picture. */
  picture?: string;
  /** `["service"]` makes it the token of a back end. */
  roles?: string[];
  /** Channels of your own that it opens; a `*` at the end stands for any rest. */
  channels?: string[];
  /** Language of the user's notifications, such as `fr`. */
  locale?: string;
  /** When it ends, in seconds since 1970; without it, `expiresIn` decides. */
  exp?: number;
  [claim: string]: unknown;
}

/** The key of tokens: the secret of the stack (`JWT_SECRET`), for HS256, or a private key of your issuer, for RS256. */
export type SigningKey =
  | { secret: string }
  | {
      /** PKCS #8 in PEM (`-----BEGIN PRIVATE KEY-----`), or a key of WebCrypto for `RSASSA-PKCS1-v1_5` with SHA-256. */
      privateKey: string | CryptoKey;
      /** The key's `kid` in your JWKS. */
      keyId?: string | undefined;
    };

export interface SignOptions {
  /** Validity in seconds; by default 3,600. */
  expiresIn?: number | undefined;
}

/** Signs a token by HS256 or RS256. */
export async function signToken(claims: Claims, key: SigningKey, { expiresIn = AN_HOUR }: SignOptions = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const algorithm = "secret" in key ? "HS256" : "RS256";
  const keyId = "keyId" in key && key.keyId !== undefined ? { kid: key.keyId } : {};
  const signed = [{ alg: algorithm, typ: "JWT", ...keyId }, { iat: now, exp: now + expiresIn, ...claims }]
    .map((part) => base64url(utf8(JSON.stringify(part))))
    .join(".");
  const signature = await sign(key, utf8(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

async function sign(key: SigningKey, bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  if (!("secret" in key)) {
    const privateKey = typeof key.privateKey === "string" ? await imported(key.privateKey) : key.privateKey;
    return crypto.subtle.sign(RSA.name, privateKey, bytes);
  }
  if (key.secret === "") {
    throw new Error("The secret that signs tokens is empty: set it to JWT_SECRET of the stack");
  }
  const hmac = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.sign("HMAC", await crypto.subtle.importKey("raw", utf8(key.secret), hmac, false, ["sign"]), bytes);
}

async function imported(pem: string): Promise<CryptoKey> {
  const body = pem.match(/-----BEGIN PRIVATE KEY-----([\s\S]*?)-----END PRIVATE KEY-----/)?.[1];
  if (body === undefined) {
    throw new Error(
      "The private key is not PKCS #8 in PEM, which begins with -----BEGIN PRIVATE KEY-----. Convert another one by " +
        "`openssl pkcs8 -topk8 -nocrypt -in key.pem`",
    );
  }
  return crypto.subtle.importKey("pkcs8", fromBase64(body.replaceAll(/\s/g, "")), RSA, false, ["sign"]);
}
