// Every command in the documents: run where that can be done beside a stack, and otherwise held against what it names.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import Pusher from "pusher-js";

import { servePage } from "./page/server.mjs";
import { expecting } from "./support/api.mjs";
import { launch, unavailable } from "./support/chromium.mjs";
import { cleanUp } from "./support/cleanup.mjs";
import { deleteExpired } from "./support/faults.mjs";
import { program } from "./support/npm-package.mjs";
import { person, service } from "./support/people.mjs";
import { stack } from "./support/stack.mjs";
import { LIMIT, until } from "./support/wait.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
// runbook.test.mjs has these two, whose commands are for an AWS account.
const RUNBOOKS = ["OPERATIONS.md", "DEPLOY_CHECK.md"];
const PAGES = ["README.md", "CONTRIBUTING.md", "fuzz/README.md", "clients/typescript/README.md", "clients/create-carillon/README.md", "docs/bruno/README.md", "events/README.md"].concat(
  readdirSync(`${root}docs`).filter((name) => name.endsWith(".md") && !RUNBOOKS.includes(name)).map((name) => `docs/${name}`),
);

/** Every command of a page's shell blocks, without comments, with continued lines and open quotes joined. */
function commandsOf(page) {
  const blocks = [...readFileSync(root + page, "utf8").matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)];
  return blocks.flatMap(([, block]) => {
    const commands = [];
    let open = "";
    for (const line of block.replaceAll("\\\n", " ").split("\n")) {
      // An apostrophe of a comment opens no quote.
      open += open ? `\n${line}` : line.replace(/(^|\s)#\s.*$/, "");
      const isComplete = (open.match(/'/g)?.length ?? 0) % 2 === 0 && !/\|\s*$/.test(open);
      if (isComplete) {
        commands.push(open.replaceAll(/\s+/g, " ").trim());
        open = "";
      }
    }
    assert.equal(open, "", `${page} has an open quote in\n${block}`);
    return commands.filter((command) => command !== "");
  });
}

/** Runs it in bash, where `cargo local` is the program that runs these tests. */
function bash(script, { noExec = false } = {}) {
  const shim = 'cargo() { [ "$1" = local ] || { echo "not cargo local: $*" >&2; return 99; }; shift; "$CARILLON_LOCAL" "$@"; }\n';
  return new Promise((resolve) => {
    const options = { cwd: root, timeout: LIMIT, env: process.env };
    execFile("bash", noExec ? ["-n", "-c", script] : ["-c", `set -o pipefail\n${shim}${script}`], options, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? 1) : 0, stdout, output: stdout + stderr }),
    );
  });
}

async function succeeds(script, options) {
  const { code, stdout, output } = await bash(script, options);
  assert.equal(code, 0, `${script}\n${output}`);
  return stdout;
}

const isExecutable = (path) => accessSync(root + path, constants.X_OK);
const exists = (path) => assert.ok(existsSync(root + path), `${path} is not there`);
/** A script of a Node package, or npm's own `ci`, which needs the lock file. */
const hasScript = (path, script) =>
  script === "ci" ? exists(`${path}/package-lock.json`) : assert.ok(JSON.parse(readFileSync(`${root}${path}/package.json`, "utf8")).scripts[script], `${path} has no script ${script}`);
/** A command of `cargo local` with its arguments parsed, and nothing done. */
const parsed = (command) => succeeds(`${command.replace(/ -- .*$/, "")} --help`);

/** Makes an app with these options of create-carillon, and resolves to its package.json. */
async function created(folder, options) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-created-"));
  try {
    await succeeds(`node clients/create-carillon/index.mjs ${directory}/${folder} ${options}`);
    return JSON.parse(readFileSync(join(directory, folder, "package.json"), "utf8"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** How each command is checked; the first kind that matches. */
const KINDS = [
  // Beside the stack of these tests, on its address.
  [/^curl (.*)http:\/\/localhost:3000/, (command) => succeeds(command.replace(/^curl /, "curl -sS --fail-with-body ").replaceAll("http://localhost:3000", stack.url))],
  // Other tests run beside these, so the faults are only held against what the emulator takes.
  [/^curl -X PUT http:\/\/localhost:4566\/_carillon\/faults -d '(.*)'$/, (_, [, faults]) =>
    execFileSync("python3", ["-B", "-c", "import faults, json, sys; faults.check(json.loads(sys.argv[1]))", faults], { cwd: `${root}local/bridge/ministack` })],
  [/^curl -X POST http:\/\/localhost:4566\/_carillon\/expire$/, () => deleteExpired()],
  [/^cargo local (token|status|try)\b/, (command) => succeeds(command)],
  // `ID` stands for the x-request-id of a response. A test below looks for a real one.
  [/^cargo local logs --request ID$/, (command) => parsed(command.replace("ID", randomUUID()))],
  [/^cargo local (logs|mails)(?!.*--follow)/, async (command) => succeeds(command)],
  [/^(?:[A-Z_]+=\S+ )?cargo local( |$)/, parsed],
  // The scripts of a switch, which its tests run: they know these variables and options.
  [/^export(?: [A-Z_]+=(?:"[^"]*"|\S+))+$/, (command) => {
    const scripts = readdirSync(`${root}docs/migrate`).map((name) => readFileSync(`${root}docs/migrate/${name}`, "utf8")).join();
    [...command.matchAll(/ ([A-Z_]+)=/g)].forEach(([, name]) => assert.ok(scripts.includes(name), `no script reads ${name}`));
  }],
  [/^python3 (docs\/migrate\/\w+\.py) (.*)$/, async (_, [, path, words]) => {
    const help = await succeeds(`python3 -B ${path} --help`);
    [...words.matchAll(/--[\w-]+/g)].forEach(([option]) => assert.ok(help.includes(option), `${path} has no option ${option}`));
  }],
  // For .ci/run, or for a person who has the time.
  [/^npm --prefix (\S+) (?:run )?(\w+)$/, (_, [, path, script]) => hasScript(path, script)],
  [/^npm (?:run )?(ci|generate|test)$/, (_, [, script]) => hasScript("clients/typescript", script)],
  // For the app that uses the package, from its tarball until it is on npm.
  [/^\(?(?:cd (\S+) && )?npm ci && npm pack\)?$/, (_, [, path = "clients/typescript"]) => hasScript(path, "ci")],
  // The program of the package, which an app's owner has from npm. `listen` goes on until Ctrl-C.
  [/^npx carillon (.*)$/, async (command, [, args]) => {
    const { path, remove } = await program();
    try {
      const words = args.replace(/^listen .*/, "$& --help");
      await succeeds(`CARILLON_URL=${stack.url} node ${path} ${words.replace(/^console$/, "console --no-open")}`);
    } finally {
      remove();
    }
  }],
  [/^npm create carillon (\S+) -- (.*)$/, (_, [, folder, options]) => created(folder, options)],
  // Its package is the file that the command above it makes.
  [/^node clients\/create-carillon\/index\.mjs \.\.\/(\S+) (.*)$/, async (_, [, folder, options]) => {
    const { name, version } = JSON.parse(readFileSync(`${root}clients/typescript/package.json`, "utf8"));
    const { dependencies } = await created(folder, options);
    assert.equal(dependencies.carillon, `file:${root}clients/typescript/${name}-${version}.tgz`);
  }],
  [/^\(cd \.\.\/my-app && npm install && npm run (\w+)\)$/, (_, [, script]) =>
    readdirSync(`${root}clients/create-carillon/templates`).forEach((template) => hasScript(`clients/create-carillon/templates/${template}`, script))],
  [/^npm install \/path\/to\/carillon\/(\S+)\/([^/\s]+)\.tgz pusher-js$/, (_, [, path, tarball]) => {
    const { name, version } = JSON.parse(readFileSync(`${root}${path}/package.json`, "utf8"));
    assert.equal(tarball, `${name}-${version}`, "npm pack makes a file of another name");
  }],
  [/^\.ci\/(prose|release-build|site)$/, (command) => succeeds(`${command} --self-test`)],
  // With the Python of aws-sam-cli, so in .ci/run.
  [/^python -m unittest discover -s (\S+)$/, (_, [, path]) => exists(path)],
  [/^bash (\.ci\/run)$/, (_, [, path]) => exists(path)],
  [/^(fuzz\/run)( \d+)?( \w+)?$/, (_, [, path, , target]) => (isExecutable(path), target && exists(`fuzz/fuzz_targets/${target.trim()}.rs`))],
  [/^cargo test( -p [\w-]+)+$/, (command) => {
    const members = execFileSync("cargo", ["metadata", "--no-deps", "--offline", "--format-version=1"], { cwd: root, encoding: "utf8" });
    const names = JSON.parse(members).packages.map(({ name }) => name);
    for (const [, name] of command.matchAll(/-p (\S+)/g)) {
      assert.ok(names.includes(name), `there is no package ${name}`);
    }
  }],
  [/^cargo bench-peers\b/, () => assert.match(readFileSync(`${root}.cargo/config.toml`, "utf8"), /^bench-peers = /m)],
  // For an AWS account, or tools of AWS's: nothing of it is run here. The files that it names are there.
  [/^(aws|sam|cargo lambda|rm secret\.json)\b/, (command) => [...command.matchAll(/events\/[\w.-]+/g)].forEach(([path]) => exists(path))],
];

for (const page of PAGES) {
  describe(page, () => {
    for (const command of commandsOf(page)) {
      test(command, async () => {
        await succeeds(command, { noExec: true });
        const found = KINDS.map(([pattern, check]) => ({ match: command.match(pattern), check })).find(({ match }) => match);
        assert.ok(found, "no kind of command that is checked; add it to KINDS, or leave it out of the document");
        await found.check(command, found.match);
      });
    }
  });
}

test("no document offers npx, which installs a stranger's package where ours is missing, but for the package's own", () => {
  for (const page of PAGES.filter((page) => page !== "clients/typescript/README.md")) {
    assert.doesNotMatch(readFileSync(root + page, "utf8"), /\bnpx\b/, page);
  }
});

describe("The output of cargo local", () => {
  /** A printed line, pasted into a shell of another directory; resolves to what it prints until `fits`. */
  async function pasted(t, line, fits, typed = "") {
    const child = spawn("bash", ["-c", `exec ${line}`], { cwd: tmpdir(), stdio: ["pipe", "pipe", "pipe"] });
    cleanUp(t, () => child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (text) => (output += text));
    child.stderr.on("data", (text) => (output += text));
    await until(`${fits} of ${line}`, () => /Connected|connected/.test(output)).catch((error) => assert.fail(`${error.message}: ${output}`));
    child.stdin.write(typed);
    await until(`${fits} of ${line}`, () => fits.test(output)).catch((error) => assert.fail(`${error.message}: ${output}`));
  }

  const lines = async () => (await succeeds("cargo local try")).split("\n");

  test("the line of wscat connects, and what is printed below it can be typed", async (t) => {
    const all = await lines();
    const line = all.find((text) => text.includes("wscat"));
    const typed = all[all.indexOf(line) + 1].replace(/^> /, "");
    await pasted(t, line, /"event":"subscribed"/, `${typed}\n`);
  });

  test("the line of Socket.IO connects, and prints the events that it gets", async (t) => {
    const line = (await lines()).find((text) => text.includes("socket.io-client"));
    await pasted(t, line, /Dashboard connection established/);
  });

  test("no line asks a registry for a package", async () => {
    assert.doesNotMatch((await lines()).join("\n"), /\bnpx\b|npm (exec|install|i)\b/);
  });
});

test("the alias is what the documents call cargo local", () => {
  assert.match(readFileSync(`${root}.cargo/config.toml`, "utf8"), /^local = "run --quiet --package carillon-launch --"$/m);
});

test("cargo local can be run in any folder of the clone", async () => {
  const { stdout } = await promisify(execFile)("cargo", ["local", "status"], { cwd: `${root}docs`, env: process.env, timeout: LIMIT });
  assert.match(stdout, /functions +well/);
});

test("a token for another back end, as the README makes it, has its role", async () => {
  const token = (await succeeds("cargo local token billing --role service")).trim();
  const { sub, roles } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.deepEqual({ sub, roles }, { sub: "billing", roles: ["service"] });
});

test("listening ends with one sentence where the token may not", async () => {
  for (const token of ["not-a-token", person("Ada").token]) {
    const { code, output } = await bash(`CARILLON_TOKEN=${token} cargo local listen ben`);
    assert.equal(code, 1, output);
    assert.match(output, /^error: The token may not listen as ben \(40[13]\): \S.*$/m);
  }
});

test("without a stack, a command says how to start one", async () => {
  const { output } = await bash(`CARILLON_STACK=/nowhere/stack.json cargo local status`);
  const which = "No stack is running at /nowhere/stack.json, which CARILLON_STACK names; unset it, and start one with `cargo local`";
  assert.equal(output.trim(), `error: ${which}`);
});

test("the logs of a request are found by the id in its response", async () => {
  const response = await fetch(`${stack.url}/health`);
  const id = response.headers.get("x-request-id");
  let lines = "";
  await until(`a line about ${id}`, async () => (lines = await succeeds(`cargo local logs --request ${id}`)).includes("GET /health"));
  assert.match(lines, /^\d\d:\d\d:\d\d\.\d{3}Z Health +GET \/health  200/);
  assert.equal(lines.trim().split("\n").length, 1, lines);
});

describe("The snippets of README.md and docs/DEPLOY.md", () => {
  const snippet = (page, language) => readFileSync(root + page, "utf8").match(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m"))[1];
  // The test has a class, a user and a token of its own.
  const withoutNames = (code) => code.replaceAll(/^(import .*|const (userId|token) = .*)\n/gm, "");
  const local = withoutNames(snippet("README.md", "ts"));
  const deployed = withoutNames(snippet("docs/DEPLOY.md", "ts"));

  test("the one for React alerts and shows a bell that counts, when the command of the README is pasted", { skip: unavailable }, async (t) => {
    const ben = person("Ben");
    const folder = mkdtempSync(join(tmpdir(), "carillon-snippet-"));
    const code = snippet("README.md", "jsx")
      .replace("http://localhost:3000", stack.url)
      .replace('{ id: "ben", token: "…" }', JSON.stringify({ id: ben.userId, token: ben.token }))
      .replace('appKey="carillon-local"', `appKey=${JSON.stringify(stack.pusher.key)} wsHost="${stack.pusher.host}" wsPort={${stack.pusher.port}} forceTLS={false}`);
    writeFileSync(join(folder, "app.jsx"), code);
    writeFileSync(join(folder, "index.html"), '<link rel="stylesheet" href="/page.css"><div id="root"></div><script type="module" src="/page.js"></script>');
    // As in an app of create-vite.
    writeFileSync(join(folder, "main.jsx"), 'import { createRoot } from "react-dom/client";\nimport App from "./app.jsx";\ncreateRoot(document.getElementById("root")).render(<App />);');
    const served = await servePage(0, "localhost", folder);
    cleanUp(t, () => served.close().then(() => rmSync(folder, { recursive: true })));
    const browser = await launch();
    cleanUp(t, () => browser.close());
    const page = await browser.newPage();
    const alerted = page.waitForEvent("dialog", { timeout: LIMIT }).then((dialog) => dialog.dismiss().then(() => dialog.message()));
    const subscribed = page.waitForEvent("websocket").then((socket) =>
      socket.waitForEvent("framereceived", { predicate: ({ payload }) => String(payload).includes("subscription_succeeded"), timeout: LIMIT }),
    );
    await page.goto(served.origin);
    await subscribed;
    const paste = commandsOf("README.md").find((command) => command.startsWith("curl http://localhost:3000/notifications "));
    await succeeds(paste.replace("http://localhost:3000", stack.url).replace('"userId":"ben"', `"userId":"${ben.userId}"`));
    assert.equal(await alerted, "Ursula sent you a message");
    await page.getByRole("button", { name: "Notifications, 1 unread" }).waitFor({ timeout: LIMIT });
  });

  test("the one for pusher-js connects a page to the local stack, and hears what another back end sends", async (t) => {
    const ada = person("Ada");
    const heard = [];
    const code = local
      .replaceAll("http://localhost:3000", stack.url)
      .replace('wsHost: "localhost", wsPort: 3000', `wsHost: "${stack.pusher.host}", wsPort: ${stack.pusher.port}`)
      .replace('"carillon-local"', JSON.stringify(stack.pusher.key));
    const run = new Function("Pusher", "token", "userId", "console", `${code}\nreturn pusher;`);
    const pusher = run(Pusher, () => ada.token, ada.userId, { log: (event, data) => heard.push({ event, data }) });
    cleanUp(t, () => pusher.disconnect());
    await until("the subscription", () => heard.some(({ event }) => event === "pusher:subscription_succeeded"));

    const notification = { userId: ada.userId, type: "SYSTEM", data: {} };
    const { notificationId } = await expecting(201, "POST", "/notifications", { as: service(), json: notification });
    await until("the notification", () => heard.some(({ data }) => data?.data?.notificationId === notificationId));
    assert.equal(heard.find(({ data }) => data?.data?.notificationId === notificationId).event, "notification:new");
  });

  test("the one for a deployed stack differs from it only in where the servers are", () => {
    const options = (code, names) => {
      let given;
      const Fake = class {
        constructor(key, settings) {
          given = settings;
        }
        signin() {}
        subscribe() {
          return { bind_global() {} };
        }
      };
      new Function("Pusher", ...Object.keys(names), code)(Fake, ...Object.values(names));
      return given;
    };
    const names = { token: () => "t", userId: "ada", PUSHER_KEY: "k", PUSHER_CLUSTER: "eu", API_URL: "https://api.example" };
    const [here, there] = [options(local, names), options(deployed, names)];
    assert.equal(there.cluster, "eu");
    for (const [option, path] of [["channelAuthorization", "/pusher/auth"], ["userAuthentication", "/pusher/user-auth"]]) {
      assert.equal(there[option].endpoint, `https://api.example${path}`);
      assert.deepEqual(there[option].headersProvider(), { authorization: "Bearer t" });
      assert.deepEqual([there[option].transport, Object.keys(there[option])], [here[option].transport, Object.keys(here[option])]);
    }
    assert.deepEqual(Object.keys(there), ["cluster", "channelAuthorization", "userAuthentication"]);
  });
});
