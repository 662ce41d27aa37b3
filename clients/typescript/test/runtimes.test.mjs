// carillon/server in each runtime of this machine: Node, and Deno and Bun where they are on PATH (or at DENO and BUN).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const program = fileURLToPath(new URL("support/backend-program.mjs", import.meta.url));
const RUNTIMES = {
  node: [process.execPath, [program]],
  deno: [process.env.DENO || "deno", ["run", "--allow-net", "--allow-env", "--allow-read", "--no-lock", program]],
  bun: [process.env.BUN || "bun", ["run", program]],
};

describe("carillon/server", () => {
  let server, url, asked;

  before(async () => {
    server = createServer(async (request, response) => {
      asked.push({ path: request.url, headers: request.headers, body: await text(request) });
      response.writeHead(asked.length === 1 ? 503 : 200, { "content-type": "application/json" }).end('{"notificationId":"n-1"}');
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${server.address().port}`;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  for (const [name, [command, args]] of Object.entries(RUNTIMES)) {
    test(`notifies, publishes, signs and verifies in ${name}`, async (t) => {
      const version = await run(command, ["--version"]).catch(() => null);
      if (version === null) {
        t.skip(`${name} is not on PATH`);
        return;
      }
      asked = [];
      const body = JSON.stringify({ time_ms: Date.now(), events: [] });
      const signature = createHmac("sha256", "secret").update(body).digest("hex");
      const env = { ...process.env, API_URL: url, WEBHOOK: body, SIGNATURE: signature };
      const { stdout } = await run(command, args, { env });
      assert.deepEqual(JSON.parse(stdout), { notificationId: "n-1", parts: [3, 3], webhook: true, forged: "WebhookError" });
      assert.deepEqual(asked.map(({ path }) => path.split("?")[0]), ["/notifications", "/notifications", "/apps/1000/events"]);
      const [query, given] = asked[2].path.split("?")[1].split("&auth_signature=");
      assert.equal(given, createHmac("sha256", "secret").update(`POST\n/apps/1000/events\n${query}`).digest("hex"));
    });
  }
});
