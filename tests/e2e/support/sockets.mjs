// Clients of the WebSocket API: the app's own two classes, socket.io-client, and wscat.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { transformSync } from "esbuild";
import { io } from "socket.io-client";

import { checkEvent } from "./asyncapi.mjs";
import { cleanUp } from "./cleanup.mjs";
import { noteEvent } from "./coverage.mjs";
import { stack } from "./stack.mjs";
import { until } from "./wait.mjs";

export const SOCKETS = stack.url.replace(/^http/, "ws");

/** A class of the app as it is, but for the address, which is another port in tests. Its console is the test's. */
export function appService(file, name, { console }) {
  const source = readFileSync(new URL(`../clients/${file}`, import.meta.url), "utf8");
  const here = source.replaceAll("http://localhost:3000", stack.url);
  const { code } = transformSync(here, { loader: "ts", format: "cjs" });
  const module = { exports: {} };
  const window = {};
  new Function("module", "exports", "require", "console", "window", code)(
    module,
    module.exports,
    createRequire(import.meta.url),
    console,
    window,
  );
  return module.exports[name];
}

/** A console that remembers what is logged. */
export function rememberingConsole() {
  const lines = [];
  const log = (...values) => lines.push(values);
  return { lines, log, error: log, said: (text) => lines.filter(([said]) => said === text).map(([, value]) => value) };
}

/** Holds an event of a namespace against docs/asyncapi.yaml. */
export function met(namespace, name, data) {
  checkEvent(`/${namespace}`, name, data);
  noteEvent(`/${namespace}`, name);
}

/** A Socket.IO client in a namespace, with all events that it got. */
export function connectIo(t, namespace, person, options = {}) {
  const socket = io(`${stack.url}/${namespace}`, {
    query: { userId: person.userId, token: person.token },
    transports: ["websocket"],
    forceNew: true,
    ...options,
  });
  const events = [];
  socket.onAny((name, data) => {
    met(namespace, name, data);
    events.push([name, data]);
  });
  socket.onAnyOutgoing((name, data) => met(namespace, name, data));
  cleanUp(t, () => socket.disconnect());
  const named = (name) => events.filter(([said]) => said === name).map(([, data]) => data);
  return { socket, events, named, next: (name) => until(name, () => named(name)[0]) };
}

/** The real wscat, which reads lines and prints what it gets. */
export function wscat(t, address) {
  const bin = createRequire(import.meta.url).resolve("wscat/bin/wscat");
  const process_ = spawn(process.execPath, [bin, "-c", address], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  process_.stdout.on("data", (data) => (output += data));
  process_.stderr.on("data", (data) => (output += data));
  cleanUp(t, () => process_.kill("SIGKILL"));
  // Without what it does for terminals: colours, and the prompt that it draws again.
  const plain = () => output.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, "");
  const lines = () => plain().split(/[\r\n]+/).map((line) => line.slice(line.indexOf("{"), line.lastIndexOf("}") + 1));
  const events = () =>
    lines().flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  return {
    output: () => output,
    say: (line) => process_.stdin.write(`${line}\n`),
    /** Resolves once the connection answers. */
    open: () =>
      until("an answer to ping", () => {
        process_.stdin.write('{"event": "ping"}\n');
        return events().some((said) => said.event === "pong");
      }),
    next: async (name) => {
      const found = await until(`${name} in ${address.split("?")[0]}`, () => events().find((said) => said.event === name));
      met(new URL(address).pathname.slice(1), name, found.data);
      return found;
    },
  };
}
