// A web page of elsewhere that is open on the same machine can do nothing to the stack. Each port that any of its processes listens
// on is asked as a page would ask it, so that a new one is not forgotten.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { before, describe, test } from "node:test";

import { call } from "./support/api.mjs";
import { action, aws } from "./support/aws.mjs";
import { person } from "./support/people.mjs";
import { listeningPorts, unavailable } from "./support/processes.mjs";
import { stack } from "./support/stack.mjs";
import { LIMIT } from "./support/wait.mjs";

const EVIL = "http://evil.example";
const FOREIGN = {
  "a foreign Origin": { origin: EVIL },
  "a sandboxed Origin": { origin: "null" },
  "a page of another site": { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
  "a name that resolves to this machine": { host: "evil.example" },
};

const port = (url) => Number(new URL(url).port);
/** The ports that stack.json names, wherever it does. */
const named = (value) => {
  if (typeof value === "string") {
    return /^http:\/\/(localhost|127\.0\.0\.1):\d+/.test(value) ? [port(value)] : [];
  }
  const entries = value && typeof value === "object" ? Object.entries(value) : [];
  return entries.flatMap(([name, inner]) => (name === "port" ? [inner] : named(inner)));
};

/** Resolves to the status and the headers, or to nothing where nobody speaks HTTP/1.1; `fetch` would not send these headers. */
function ask(port, method, path, headers, body = "") {
  return new Promise((resolve) => {
    const length = { "content-length": Buffer.byteLength(body) };
    const sent = request({ host: "127.0.0.1", port, method, path, headers: { ...length, ...headers }, timeout: LIMIT });
    sent.on("response", (response) => {
      response.resume();
      response.on("close", () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(undefined));
    sent.end(body);
  });
}

describe("A page of elsewhere", () => {
  const frontDoor = port(stack.url);
  const ports = new Set(named(stack));

  before(async () => {
    // A function that runs has a port, too.
    assert.equal((await call("GET", "/health")).status, 200);
    if (!unavailable) {
      const open = listeningPorts();
      assert.ok([frontDoor, port(stack.awsEndpoint), stack.pusher.port].every((known) => open.includes(known)), `${open}`);
      open.forEach((other) => ports.add(other));
    }
  });

  test("is refused at every port of the stack, or may not read what it gets", async () => {
    for (const port of ports) {
      for (const [what, headers] of Object.entries(FOREIGN)) {
        for (const path of ["/", "/apps/1000/events", "/2018-06-01/runtime/invocation/next"]) {
          for (const method of ["GET", "POST"]) {
            const answer = await ask(port, method, path, { "content-type": "text/plain", ...headers }, "{}");
            const where = `${method} ${path} at ${port} with ${what}: ${answer?.status}`;
            // No answer: the process has ended meanwhile, or it is Google's stand-in, which speaks HTTP/2 alone.
            assert.ok(!answer || (answer.status >= 400 && answer.status < 500), where);
            assert.equal(answer?.headers["access-control-allow-origin"], undefined, where);
          }
        }
      }
    }
  });

  test("is refused by every server for programs, before anything is done", async () => {
    for (const port of [...ports].filter((port) => port !== frontDoor && isOfStack(port))) {
      for (const [what, headers] of Object.entries(FOREIGN)) {
        const answer = await ask(port, "POST", "/apps/1000/events", { "content-type": "text/plain", ...headers }, "{}");
        assert.equal(answer?.status, 403, `${port} with ${what}`);
      }
    }
  });

  test("reads nothing at the front door, which has no other name than this machine's", async () => {
    const health = await ask(frontDoor, "GET", "/health", { origin: EVIL });
    assert.deepEqual([health.status, health.headers["access-control-allow-origin"]], [200, undefined], "CORS decides, as on AWS");
    for (const path of ["/health", "/console", "/examples/lease-chat", "/examples/lease-chat/session"]) {
      assert.equal((await ask(frontDoor, "GET", path, { host: "evil.example" })).status, 403, path);
    }
  });

  test("writes nothing at the front door, not even by the route that asks for no token", async () => {
    const event = JSON.stringify({ channel: "private-user-ada", event: "hello", data: {} });
    for (const [what, headers] of Object.entries(FOREIGN)) {
      const answer = await ask(frontDoor, "POST", "/pusher/mock-event", { "content-type": "text/plain", ...headers }, event);
      assert.ok([403, 415].includes(answer.status), `${what}: ${answer.status}`);
    }
  });

  test("writes nothing into the emulator", async () => {
    const emulator = port(stack.awsEndpoint);
    const pk = `USER#${randomUUID()}`;
    const put = JSON.stringify({ TableName: stack.tableName, Item: { pk: { S: pk }, sk: { S: "PROFILE" } } });
    const name = `evil-${randomUUID().slice(0, 8)}`;
    const made = JSON.stringify({ FunctionName: name, Role: "r", Runtime: "provided.al2023", Handler: "x", Code: { ZipFile: "" } });
    for (const [what, headers] of Object.entries(FOREIGN)) {
      const asked = { "content-type": "text/plain", ...headers };
      const dynamodb = { ...asked, "x-amz-target": "DynamoDB_20120810.PutItem" };
      assert.equal((await ask(emulator, "POST", "/", dynamodb, put)).status, 403, what);
      assert.equal((await ask(emulator, "POST", "/2015-03-31/functions", asked, made)).status, 403, what);
      const preflight = { ...headers, "access-control-request-method": "POST", "access-control-request-headers": "x-amz-target" };
      assert.equal((await ask(emulator, "OPTIONS", "/", preflight)).status, 403, what);
    }
    const row = await action("dynamodb", "DynamoDB_20120810.GetItem", {
      TableName: stack.tableName,
      Key: { pk: { S: pk }, sk: { S: "PROFILE" } },
    });
    assert.equal(row.Item, undefined);
    const { body } = await aws("lambda", "/2015-03-31/functions/?MaxItems=1000", { method: "GET" });
    assert.ok(body.Functions.length > 0 && body.Functions.every((made) => made.FunctionName !== name));
  });

  test("would read no secret there, nor does any other program", async () => {
    const { body } = await aws("lambda", "/2015-03-31/functions/?MaxItems=1000", { method: "GET" });
    const kept = await action("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: "carillon" });
    const shown = JSON.stringify([body.Functions, kept]);
    assert.match(shown, /kept by cargo local: JWT_SECRET/);
    const { jwtSecret, pusher, firebase } = stack;
    for (const secret of [jwtSecret, pusher.secret, pusher.encryptionMasterKeyBase64, firebase.privateKey.split("\n")[1]]) {
      assert.ok(!shown.includes(secret));
    }
    // The functions have them all the same.
    assert.equal((await call("GET", "/notifications/unread-count", { as: person("Ada") })).status, 200);
  });

  /** Whether a port is one of the stack's own, and neither the Pusher server's own, where all needs a signature, nor a test's. */
  const isOfStack = (port) => named(stack).includes(port) && port !== stack.firebase.port;
});
