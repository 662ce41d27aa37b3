// Google's servers, as far as pushes meet them: a token endpoint that checks the service account's assertions, and an FCM that
// takes a message only with an access token of its own, over HTTP/2. It answers as a test tells it to.

import assert from "node:assert/strict";
import { createPublicKey, createVerify } from "node:crypto";
import { createServer } from "node:http2";

import { stack } from "./stack.mjs";
import { until } from "./wait.mjs";

const { projectId, clientEmail, privateKey, port } = stack.firebase;
const publicKey = createPublicKey(privateKey);
const FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";

/** An answer of FCM's other than 200; `field` is what an INVALID_ARGUMENT names. */
export const refusal = (status, errorCode, { field, retryAfter } = {}) => ({ status, errorCode, field, retryAfter });

class Fcm {
  #server;
  #sessions = new Set();
  #accessTokens = new Set();
  #given = 0;
  #answers = new Map();
  #collapseKeys = new Map();
  #sent = [];
  #requests = [];
  #faults = [];

  /** Listens from now on. */
  async start() {
    this.#server = createServer();
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => {});
    });
    this.#server.on("request", (request, response) => this.#handle(request, response));
    await new Promise((resolve, reject) => this.#server.once("error", reject).listen(port, "127.0.0.1", resolve));
  }

  /** Is out of reach from now on. */
  async stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#sessions.forEach((session) => session.destroy());
    await closed;
  }

  /** Answers the next requests for this device so. */
  answer(device, ...refusals) {
    this.#answers.set(device, refusals);
  }

  /** Accepts no access token any more that was given before. */
  revoke() {
    this.#accessTokens.clear();
  }

  /** How many access tokens were given. */
  get given() {
    return this.#given;
  }

  /** When each request for this device came, in milliseconds. */
  requests(device) {
    return this.#requests.filter((request) => request.device === device).map(({ at }) => at);
  }

  /** The messages that this device got so far. */
  sent(device) {
    assert.deepEqual(this.#faults, [], "requests that Google would not have understood");
    return this.#sent.filter(({ token }) => token === device);
  }

  /** Resolves to the messages of this device as soon as there are so many. */
  async got(device, howMany = 1) {
    await until(`push ${howMany} to ${device}`, () => this.sent(device).length >= howMany);
    return this.sent(device);
  }

  async #handle(request, response) {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks).toString();
    const answer = (status, json, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(json));
    };
    try {
      if (request.url === "/token") {
        checkAssertion(body);
        this.#given += 1;
        const access_token = `access-${this.#given}-${process.pid}`;
        this.#accessTokens.add(access_token);
        answer(200, { access_token, expires_in: 3599, token_type: "Bearer" });
      } else {
        assert.equal(request.url, `/v1/projects/${projectId}/messages:send`);
        this.#send(request, JSON.parse(body), answer);
      }
    } catch (fault) {
      this.#faults.push(fault.message);
      answer(400, { error: "invalid_request" });
    }
  }

  /** Fails at a device's fifth collapse key: FCM keeps the messages of four for a device that is offline, and loses the rest. */
  #checkCollapseKeys({ token, android }) {
    const keys = this.#collapseKeys.get(token) ?? new Set();
    this.#collapseKeys.set(token, keys);
    if (android?.collapse_key !== undefined) {
      keys.add(android.collapse_key);
    }
    assert.ok(keys.size <= 4, `${keys.size} collapse keys for one device`);
  }

  #send(request, { message, validate_only: isDryRun }, answer) {
    this.#requests.push({ device: message.token, at: Date.now() });
    if (!this.#accessTokens.has(request.headers.authorization?.replace("Bearer ", ""))) {
      answer(401, { error: { code: 401, status: "UNAUTHENTICATED", message: "…", details: [] } });
      return;
    }
    if (!isDryRun) {
      checkMessage(message);
      this.#checkCollapseKeys(message);
    }
    const refused = this.#answers.get(message.token)?.shift();
    if (!refused) {
      if (!isDryRun) {
        this.#sent.push(message);
      }
      answer(200, { name: `projects/${projectId}/messages/${this.#sent.length}` });
      return;
    }
    const { status, errorCode, field, retryAfter } = refused;
    const details = [{ "@type": FCM_ERROR, errorCode }];
    if (field) {
      details.push({ "@type": BAD_REQUEST, fieldViolations: [{ field, description: "Invalid value" }] });
    }
    const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    answer(status, { error: { code: status, status: errorCode, message: "…", details } }, headers);
  }
}

/** Fails unless Google would take it: RFC 7523 with the claims that Google documents. */
function checkAssertion(body) {
  const form = new URLSearchParams(body);
  assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const [header, claims, signature] = form.get("assertion").split(".");
  const decoded = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
  assert.equal(decoded(header).alg, "RS256");
  const verifier = createVerify("RSA-SHA256").update(`${header}.${claims}`);
  assert.ok(verifier.verify(publicKey, signature, "base64url"), "the assertion's signature");
  const { iss, scope, aud, iat, exp, ...more } = decoded(claims);
  assert.deepEqual([iss, scope, aud, more], [
    clientEmail,
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://oauth2.googleapis.com/token",
    {},
  ]);
  assert.ok(exp > iat && exp - iat <= 3600 && Math.abs(iat - Date.now() / 1000) < 60, `iat ${iat}, exp ${exp}`);
}

/** Fails unless FCM would take it: strings in `data`, no names of its own there, and no more than 4,096 bytes. */
function checkMessage({ token, ...message }) {
  assert.ok(token && message.notification.title);
  for (const [name, value] of Object.entries(message.data)) {
    assert.equal(typeof value, "string", `data.${name}`);
    assert.doesNotMatch(name, /^(from|notification|message_type|collapse_key|google.*|gcm.*)$/);
  }
  assert.ok(Buffer.byteLength(JSON.stringify(message)) <= 4096, "too large");
}

/** The one stand-in of a test file; it listens while the file's tests run. */
export const fcm = new Fcm();
