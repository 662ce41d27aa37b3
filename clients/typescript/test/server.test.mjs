import assert from "node:assert/strict";
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, test } from "node:test";

import { createBackend, RefusedError, signToken, verifyFact, verifyWebhook, WebhookError } from "carillon/server";

const APP = { appId: "1000", key: "app-key", secret: "app-secret" };
const parts = (token) => token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));

describe("A back end", () => {
  let server, url, asked, answers;

  beforeEach(async () => {
    asked = [];
    answers = [];
    server = createServer(async (request, response) => {
      const body = await text(request);
      asked.push({ method: request.method, url: new URL(request.url, url), headers: request.headers, body, json: body && JSON.parse(body) });
      const { status = 200, headers = {}, json = {} } = answers.shift() ?? {};
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${server.address().port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const backend = (options = {}) => createBackend({ apiUrl: `${url}/`, key: { secret: "jwt" }, app: APP, ...options });

  test("notifies with a token of its own, and one key for all attempts", async () => {
    answers = [{ status: 503 }, { status: 201, json: { notificationId: "n-1" } }];
    const notification = { userId: "ben", type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives on Friday." };
    assert.deepEqual(await backend({ service: "orders", claims: { iss: "https://id.example/" } }).notify(notification), { notificationId: "n-1" });
    assert.deepEqual(asked.map(({ method, url }) => `${method} ${url.pathname}`), ["POST /notifications", "POST /notifications"]);
    assert.deepEqual(asked[0].json, notification);
    assert.match(asked[0].headers["idempotency-key"], /^[0-9a-f-]{36}$/);
    assert.equal(asked[0].headers["idempotency-key"], asked[1].headers["idempotency-key"]);
    const [, claims] = parts(asked[0].headers.authorization.replace("Bearer ", ""));
    assert.deepEqual([claims.sub, claims.roles, claims.iss], ["orders", ["service"], "https://id.example/"]);
  });

  test("tries again for the users whose notification failed, and tells the refused ones", async () => {
    const created = { userId: "ada", status: "created", notificationId: "n-1" };
    const refused = { userId: "a|b", status: "refused", error: "Bad Request", message: "no id" };
    answers = [
      { status: 207, json: { results: [created, { userId: "ben", status: "failed", error: "x", message: "y" }, refused] } },
      { status: 207, json: { results: [created, { userId: "ben", status: "created", notificationId: "n-2" }, refused] } },
    ];
    const { results } = await backend().notify({ userIds: ["ada", "ben", "a|b"], type: "SYSTEM" });
    assert.deepEqual(results.map(({ status }) => status), ["created", "created", "refused"]);
    assert.equal(asked.length, 2);
    assert.equal(asked[0].headers["idempotency-key"], asked[1].headers["idempotency-key"]);
  });

  test("does not repeat what Carillon refused, and says why", async () => {
    answers = [{ status: 403, headers: { "x-request-id": "r-1" }, json: { message: "The token needs the role service" } }];
    const error = await backend({ token: "given" }).notify({ userId: "ben", type: "SYSTEM" }).catch((error) => error);
    assert.ok(error instanceof RefusedError);
    assert.deepEqual([error.status, error.message, error.requestId], [403, "The token needs the role service", "r-1"]);
    assert.equal(asked.length, 1);
    assert.equal(asked[0].headers.authorization, "Bearer given");
  });

  test("says what cannot be reached, without the query and its signature", async () => {
    const away = createBackend({ apiUrl: "http://127.0.0.1:9", app: APP });
    const error = await away.publish("news", "stock", {}, { tries: 1 }).catch((error) => error);
    assert.equal(error.message, "http://127.0.0.1:9 cannot be reached: check the address and the network");
  });

  test("stops when its signal says so", async () => {
    answers = [{ status: 503 }];
    const stop = new AbortController();
    const sent = backend().notify({ userId: "ben", type: "SYSTEM" }, { signal: stop.signal });
    stop.abort(new Error("Enough"));
    await assert.rejects(sent, /Enough/);
  });

  test("signs events as Pusher's HTTP API asks", async () => {
    await backend().publish("private-orders-1", "shipped", { parcel: 7 }, { socketId: "1.2", idempotencyKey: "k-1" });
    const [{ url, body, json, headers }] = asked;
    assert.equal(url.pathname, "/apps/1000/events");
    assert.deepEqual(json, { name: "shipped", channels: ["private-orders-1"], data: '{"parcel":7}', socket_id: "1.2" });
    assert.equal(headers["idempotency-key"], "k-1");
    const query = Object.fromEntries(url.searchParams);
    assert.equal(query.body_md5, createHash("md5").update(body).digest("hex"));
    const signed = Object.entries(query).filter(([name]) => name !== "auth_signature").toSorted().map((pair) => pair.join("=")).join("&");
    assert.equal(query.auth_signature, createHmac("sha256", APP.secret).update(`POST\n/apps/1000/events\n${signed}`).digest("hex"));
  });

  test("sends texts of every length and script with the right MD5", async () => {
    for (const length of [0, 1, 20, 54, 55, 56, 63, 64, 65, 119, 500, 9_000]) {
      await backend().publish("news", "text", "é".repeat(length));
      const { url, body } = asked.pop();
      assert.equal(url.searchParams.get("body_md5"), createHash("md5").update(body).digest("hex"), `${length}`);
    }
  });

  test("sends batches, and ends a user's connections", async () => {
    await backend().publishBatch([{ channel: "news", name: "stock", data: 1 }, { channel: "shop", name: "stock", data: null }]);
    await backend().endConnections("ben@example.com");
    assert.deepEqual(asked[0].json.batch, [{ name: "stock", channel: "news", data: "1" }, { name: "stock", channel: "shop", data: "null" }]);
    assert.equal(asked[1].url.pathname, "/apps/1000/users/ben@example.com/terminate_connections");
    await assert.rejects(backend().endConnections("a/b"), /1 to 128 characters/);
  });

  test("refuses what it cannot do, before it sends anything", async () => {
    await assert.rejects(backend().publish("private-encrypted-a", "x", {}), /does not encrypt/);
    await assert.rejects(backend({ app: undefined }).publish("news", "x", {}), /app: \{ appId, key, secret \}/);
    await assert.rejects(createBackend({ apiUrl: "https://api.example" }).notify({ userId: "ben", type: "SYSTEM" }), /No key signs tokens for https:\/\/api\.example/);
    assert.equal(asked.length, 0);
  });

  test("takes its tokens from the stack of this machine, without a key", async () => {
    answers = [{ json: { token: "of-the-stack", hours: 1 } }, { status: 201, json: { notificationId: "n-1" } }, { json: { token: "ben's" } }];
    const local = backend({ key: undefined });
    await local.notify({ userId: "ben", type: "SYSTEM" });
    assert.equal(await local.tokenFor({ sub: "ben", name: "Ben", channels: ["private-orders-*"] }, { expiresIn: 7201 }), "ben's");
    assert.equal(asked[0].headers.origin, url);
    assert.deepEqual(asked[0].json, { userId: "backend", roles: ["service"], hours: 1 });
    assert.equal(asked[1].headers.authorization, "Bearer of-the-stack");
    assert.deepEqual(asked[2].json, { userId: "ben", name: "Ben", channels: ["private-orders-*"], hours: 3 });
    await assert.rejects(local.tokenFor({ sub: "ben", email: "b@example.com" }), /--env-file/);
  });

  test("calls every route with its token", async () => {
    answers = [{ json: {} }];
    await backend().api.PUT("/books/{bookId}", { params: { path: { bookId: "b-1" } }, body: { authorId: "ada" } });
    assert.match(asked[0].headers.authorization, /^Bearer ey/);
  });
});

describe("A token", () => {
  test("is signed by HS256, and holds for an hour unless said otherwise", async () => {
    const token = await signToken({ sub: "ben", name: "Bén" }, { secret: "s3cret" });
    const [header, claims] = parts(token);
    assert.deepEqual(header, { alg: "HS256", typ: "JWT" });
    assert.equal(claims.exp - claims.iat, 3600);
    assert.equal(claims.name, "Bén");
    const [signed, signature] = [token.slice(0, token.lastIndexOf(".")), token.slice(token.lastIndexOf(".") + 1)];
    assert.equal(signature, createHmac("sha256", "s3cret").update(signed).digest("base64url"));
    const short = parts(await signToken({ sub: "ben" }, { secret: "s" }, { expiresIn: 60 }))[1];
    assert.equal(short.exp - short.iat, 60);
    assert.equal(parts(await signToken({ sub: "ben", exp: 5 }, { secret: "s" }))[1].exp, 5);
  });

  test("is signed by RS256 with a key in PEM, and names the key", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    const token = await signToken({ sub: "ben" }, { privateKey: pem, keyId: "k-1" });
    assert.deepEqual(parts(token)[0], { alg: "RS256", typ: "JWT", kid: "k-1" });
    const dot = token.lastIndexOf(".");
    assert.ok(verify("sha256", Buffer.from(token.slice(0, dot)), createPublicKey(privateKey), Buffer.from(token.slice(dot + 1), "base64url")));
    const old = privateKey.export({ type: "pkcs1", format: "pem" });
    await assert.rejects(signToken({ sub: "ben" }, { privateKey: old }), /openssl pkcs8 -topk8/);
  });

  test("is not signed with an empty secret", async () => {
    await assert.rejects(signToken({ sub: "ben" }, { secret: "" }), /JWT_SECRET/);
  });
});

describe("A webhook", () => {
  const body = JSON.stringify({ time_ms: Date.now(), events: [{ name: "channel_occupied", channel: "private-ü" }] });
  const signature = (secret, signed = body) => createHmac("sha256", secret).update(signed).digest("hex");
  const headers = { "x-pusher-key": APP.key, "x-pusher-signature": signature(APP.secret) };
  const refused = (request, apps = APP, options = {}) => assert.rejects(verifyWebhook(request, apps, options), WebhookError);

  test("is read from a Request, and from a framework's headers and body", async () => {
    const request = new Request("https://app.example/webhooks", { method: "POST", headers, body });
    assert.equal((await verifyWebhook(request, APP)).events[0].channel, "private-ü");
    const ofNode = { headers: { "X-Pusher-Key": APP.key, "X-Pusher-Signature": [headers["x-pusher-signature"]] }, body };
    assert.equal((await verifyWebhook(ofNode, APP)).events.length, 1);
  });

  test("is refused with another signature, key or body", async () => {
    await refused({ headers, body: `${body} ` });
    await refused({ headers, body }, { ...APP, secret: "another" });
    await refused({ headers, body }, { ...APP, key: "another" });
    for (const wrong of ["", "zz", signature(APP.secret).slice(2), `${signature(APP.secret)}00`]) {
      await refused({ headers: { ...headers, "x-pusher-signature": wrong }, body });
    }
    await refused({ headers: {}, body });
    await assert.rejects(verifyWebhook({ headers, body: JSON.parse(body) }, APP), /as it came/);
  });

  test("is taken from the app before while its key is rotated", async () => {
    const next = { key: "next-key", secret: "next-secret" };
    assert.equal((await verifyWebhook({ headers, body }, [next, APP])).events.length, 1);
  });

  test("is refused when it is old", async () => {
    const old = JSON.stringify({ time_ms: Date.now() - 11 * 60_000, events: [] });
    const request = { headers: { ...headers, "x-pusher-signature": signature(APP.secret, old) }, body: old };
    await refused(request);
    assert.deepEqual((await verifyWebhook(request, APP, { maxAgeMs: Number.POSITIVE_INFINITY })).events, []);
  });
});

describe("A fact", () => {
  const fact = { source: "carillon", "detail-type": "kudos.given", detail: { id: "f-1" } };
  const body = JSON.stringify(fact);

  test("is read with the stack's key, or while that is changed with either", async () => {
    const request = new Request("https://app.example/facts", { method: "POST", headers: { "X-Carillon-Key": "k3y" }, body });
    assert.deepEqual(await verifyFact(request, "k3y"), fact);
    assert.deepEqual(await verifyFact({ headers: { "x-carillon-key": "k3y" }, body }, ["next", "k3y"]), fact);
  });

  test("is refused with another key, and without one", async () => {
    for (const [headers, keys] of [[{ "x-carillon-key": "k3" }, "k3y"], [{}, "k3y"], [{ "x-carillon-key": "" }, ""], [{ "x-carillon-key": "k3y" }, []]]) {
      await assert.rejects(verifyFact({ headers, body }, keys), WebhookError);
    }
    await assert.rejects(verifyFact({ headers: { "x-carillon-key": "k3y" }, body: fact }, "k3y"), /as it came/);
  });
});

test("carillon/server needs nothing of Node: it uses fetch and WebCrypto alone", async () => {
  const { readdirSync, readFileSync } = await import("node:fs");
  const files = ["backoff", "request", "refused", "resubscribe", "token", "api"].map((name) => `../dist/${name}.js`)
    .concat(readdirSync(new URL("../dist/server", import.meta.url)).filter((name) => name.endsWith(".js")).map((name) => `../dist/server/${name}`));
  for (const file of files) {
    const source = readFileSync(new URL(file, import.meta.url), "utf8");
    assert.doesNotMatch(source, /from "(?!\.|openapi-fetch")|\b(process|Buffer|require)\b\s*[.(]/, file);
  }
});
