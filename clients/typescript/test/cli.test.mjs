import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startServer } from "./support/server.mjs";
import { until } from "./support/until.mjs";

const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** Runs it in a folder that has nothing to do with Carillon. */
function carillon(args, env = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CARILLON_")));
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: tmpdir(), env: { ...clean, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout: stdout.trim(), stderr: stderr.trim() }),
    );
  });
}

describe("carillon", () => {
  let server, url, asked, answers;

  beforeEach(async () => {
    [asked, answers] = [[], {}];
    server = createServer(async (request, response) => {
      const body = await text(request);
      const { pathname } = new URL(request.url, "http://a");
      asked.push({ path: pathname, headers: request.headers, json: body && JSON.parse(body) });
      const { status = 200, json = {} } = answers[pathname] ?? {};
      response.writeHead(status, { "content-type": "application/json", "x-request-id": "r-1" }).end(JSON.stringify(json));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${server.address().port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  test("token asks the local stack, and prints nothing but the token", async () => {
    answers["/console/token"] = { json: { token: "the.token" } };
    const args = ["token", "ben", "--name", "Ben", "--avatar", "https://b.example/b.png", "--channel", "private-a", "--channel", "private-b", "--hours", "2"];
    assert.deepEqual(await carillon([...args, "--url", url]), { code: 0, stdout: "the.token", stderr: "" });
    assert.deepEqual(asked[0].json, { userId: "ben", name: "Ben", picture: "https://b.example/b.png", channels: ["private-a", "private-b"], hours: 2 });
    await carillon(["token", "--hotel", "killarney", "--booking", "BK-1"], { CARILLON_URL: url });
    assert.deepEqual(asked[1].json, { hotel: "killarney", booking: "BK-1", name: "Guest", hours: 12 });
  });

  test("token signs with the secret of the environment, for any stack", async () => {
    const env = { CARILLON_URL: "https://api.example", CARILLON_JWT_SECRET: "s3cret", CARILLON_JWT_ISSUER: "https://id.example/", CARILLON_JWT_AUDIENCE: "api" };
    const { stdout } = await carillon(["token", "billing", "--role", "service"], env);
    const { iat, exp, ...claims } = claimsOf(stdout);
    assert.deepEqual([exp - iat, claims], [12 * 3600, { iss: "https://id.example/", aud: "api", sub: "billing", roles: ["service"] }]);
  });

  test("token refuses what makes no sense, before it asks anybody", async () => {
    for (const args of [[], ["ben", "eve"], ["ben", "--hours", "0"], ["ben", "--hours", "x"], ["ben", "--role", "admin"], ["--hotel", "h"], ["ben", "--hotel", "h", "--booking", "b"], ["ben", "--nmae", "x"]]) {
      const { code, stderr } = await carillon(["token", ...args, "--url", url]);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /^error: .*\ncarillon token --help has the options\.$/s);
    }
    assert.deepEqual(asked, []);
  });

  test("send notifies with a token of the local stack", async () => {
    answers["/console/token"] = { json: { token: "of-a-service" } };
    answers["/notifications"] = { json: { notificationId: "n-1" } };
    const { code, stdout } = await carillon(["send", "ben", "--type", "ORDER_SHIPPED", "--title", "Your parcel", "--body", "It arrives.", "--data", '{"sourceId":"o-1"}', "--priority", "high", "--url", url]);
    assert.deepEqual([code, stdout], [0, "Notified ben: n-1"]);
    assert.deepEqual(asked[0].json.roles, ["service"]);
    assert.equal(asked[1].headers.authorization, "Bearer of-a-service");
    assert.deepEqual(asked[1].json, { userId: "ben", type: "ORDER_SHIPPED", title: "Your parcel", body: "It arrives.", priority: "high", data: { sourceId: "o-1" } });
  });

  test("send says what Carillon refused, and never shows a secret", async () => {
    answers["/notifications"] = { status: 403, json: { message: "The token needs the role service" } };
    const { code, stdout, stderr } = await carillon(["send", "ben"], { CARILLON_URL: url, CARILLON_TOKEN: "a-secret-token" });
    assert.deepEqual([code, stdout, stderr], [1, "", "error: The token needs the role service (status 403, request r-1)"]);
  });

  test("send signs events with the app of the environment, and needs none on this machine", async () => {
    const app = { CARILLON_APP_ID: "1000", CARILLON_KEY: "key", CARILLON_SECRET: "secret" };
    const args = ["send", "--channel", "news", "--channel", "shop", "stock", '{"left":7}'];
    await carillon(args, { CARILLON_URL: url, ...app });
    assert.deepEqual([asked[0].path, asked[0].json.channels, asked[0].json.data], ["/apps/1000/events", ["news", "shop"], '{"left":7}']);
    const { stdout } = await carillon(args, { CARILLON_URL: url });
    assert.match(stdout, /^Sent stock to news, shop, without storing it first/);
    assert.deepEqual(asked.slice(1).map(({ path, json }) => [path, json.channel, json.data]), [["/pusher/mock-event", "news", { left: 7 }], ["/pusher/mock-event", "shop", { left: 7 }]]);
    const { code, stderr } = await carillon(args, { CARILLON_URL: "https://api.example", CARILLON_KEY: "key" });
    assert.deepEqual([code, stderr], [1, "error: The stack's Pusher app signs events: set CARILLON_APP_ID, CARILLON_SECRET"]);
  });

  test("send says how its data is written", async () => {
    const { code, stderr } = await carillon(["send", "ben", "--data", "{parcel:7}", "--url", url]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: --data is not JSON: give '\{"parcel":7\}' in quotes/);
  });

  test("status exits with 1 if a part does not answer", async () => {
    answers["/health"] = { json: { status: "ok", table: "ok", pusher: "ok" } };
    answers["/console/delivery"] = { json: { owed: [1], waiting: [], dead: [1, 2] } };
    const up = await carillon(["status", "--url", url]);
    assert.equal(up.code, 0);
    assert.match(up.stdout, /1 deliveries owed, 0 waiting to be tried again, 2 dead letters/);
    answers["/health"] = { status: 503, json: { status: "degraded", table: "ok", pusher: "unreachable" } };
    const down = await carillon(["status", "--url", url]);
    assert.equal(down.code, 1);
    assert.match(down.stdout, /channels {2}unreachable/);
  });

  test("says how to start a stack where there is none", async () => {
    const { code, stderr } = await carillon(["status", "--url", "http://localhost:9"]);
    assert.equal(code, 1);
    assert.match(stderr, /localhost:9 cannot be reached.*\nStart the local stack by `cargo local` .* or set CARILLON_URL/);
    assert.match((await carillon(["status", "--url", "localhost"])).stderr, /is no address/);
  });

  test("console prints the address on this machine, and says that others have none", async () => {
    assert.equal((await carillon(["console", "--no-open", "--url", url])).stdout, `${url}/console`);
    assert.match((await carillon(["console", "--url", "https://api.example"])).stderr, /Only the local stack has a console/);
  });

  test("has help for every command, and for what it does not know", async () => {
    for (const command of ["token", "listen", "send", "status", "console"]) {
      assert.match((await carillon([command, "--help"])).stdout, new RegExp(`^carillon ${command} `));
    }
    assert.match((await carillon([])).stdout, /carillon send/);
    assert.equal((await carillon(["tokne"])).code, 2);
  });
});

describe("carillon listen", () => {
  let server, child, output;

  beforeEach(async () => {
    server = await startServer();
    output = "";
  });
  afterEach(async () => {
    child.kill();
    await server.close();
  });

  function listen(args, env = {}) {
    child = spawn(process.execPath, [program, "listen", ...args], {
      cwd: tmpdir(),
      env: { ...process.env, CARILLON_URL: server.options.apiUrl, CARILLON_TOKEN: "ben", CARILLON_KEY: server.options.appKey, ...env },
    });
    child.stdout.on("data", (said) => (output += said));
    child.stderr.on("data", (said) => (output += said));
    return new Promise((resolve) => child.on("exit", resolve));
  }

  test("ends with the reason when the key is not the stack's", async () => {
    const ended = listen(["ben"]);
    await until("connection", () => server.sockets.size === 1);
    server.end(4001, "There is no app with this key here");
    assert.equal(await ended, 1);
    assert.match(output, /error: The connection is refused: There is no app with this key here/);
  });

  test("prints what a user receives, also on further channels", async () => {
    listen(["ben", "--channel", "private-orders-1"]);
    await until("subscriptions", () => server.subscriptions.length === 2);
    server.send("private-orders-1", "shipped", { parcel: 7 });
    await until("event", () => /private-orders-1 {2}shipped {2}\{"parcel":7\}/.test(output));
  });

  test("ends with Carillon's reason if the user may not listen", async () => {
    server.answer = ({ path }) => (path === "/pusher/auth" ? { status: 401, body: { message: "The token has expired; sign in again" } } : undefined);
    assert.equal(await listen(["ben"]), 1);
    assert.match(output, /error: private-user-ben is refused: The token has expired; sign in again/);
  });
});
