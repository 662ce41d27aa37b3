// The stack's processes, stopped and killed as accidents would. Needs Linux's /proc.

import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";

import { cleanUp } from "./cleanup.mjs";
import { isGateway, processReplaced, processes, stack } from "./stack.mjs";
import { until } from "./wait.mjs";

/** Reason to skip a test that needs this module, or false. */
export const unavailable = !existsSync("/proc/self/environ") && "needs Linux's /proc to find the functions' processes";

/** Reason to skip a test that ends or freezes the Pusher server, or false. */
export const noPusherServer = unavailable || (isGateway && "needs a Pusher server: here, the functions speak its protocol themselves");

function sockudo() {
  const found = processes().sockudo;
  if (!found) {
    throw new Error("This stack has no Pusher server; skip the test with `noPusherServer`");
  }
  return found;
}

/**
 * Ends the Pusher server at once, as a crash would: clients are cut off, and webhooks that were due are never sent. At the end of the
 * test `t` it runs again.
 */
export async function killPusher(t) {
  cleanUp(t, restorePusher);
  const { pid } = sockudo();
  process.kill(pid, "SIGKILL");
  await until("the end of the Pusher server", () => !isRunning(pid));
}

/** Starts the Pusher server again and waits until it has loaded its app. */
export async function startPusher() {
  const { command, args } = sockudo();
  // The leader of a group of its own, as the command that stops the stack expects; other variables could override its configuration.
  const child = spawn(command, args, { detached: true, stdio: "ignore", env: { PATH: process.env.PATH } });
  child.unref();
  processReplaced("sockudo", child.pid);
  await pusherAnswers();
}

function pusherAnswers() {
  const { host, port, appId } = stack.pusher;
  const isUp = () => fetch(`http://${host}:${port}/up/${appId}`).then((answer) => answer.ok, () => false);
  return until("an answer of the Pusher server", isUp);
}

/** Lets the Pusher server hang until the end of the test `t`, if not before: connections open, nothing answers. */
export function freezePusher(t) {
  cleanUp(t, restorePusher);
  process.kill(sockudo().pid, "SIGSTOP");
}

/** Has the Pusher server run again, whether it is down or hangs. */
export async function restorePusher() {
  const { pid } = sockudo();
  if (isRunning(pid)) {
    process.kill(pid, "SIGCONT");
    await pusherAnswers();
  } else {
    await startPusher();
  }
}

/** Ends all WebSockets without a word to either side, as API Gateway does after two hours. */
export const cutSockets = () => process.kill(stack.processes.cargoLocal.pid, "SIGUSR2");

/** Ends all processes of a function at once; resolves to how many there were. `name` is its logical id in the template. */
export function killFunction(name) {
  const found = pidsOf(name);
  found.forEach((pid) => process.kill(pid, "SIGKILL"));
  return found.length;
}

/** Stops all processes of a function, so that an invocation hangs until {@link killFunction} ends it. */
export const freezeFunction = (name) => pidsOf(name).forEach((pid) => process.kill(pid, "SIGSTOP"));

/** How many processes of a function there are. `name` is its logical id in the template. */
export const countProcesses = (name) => pidsOf(name).length;

// A process's environment can be read until it is gone or has become a zombie.
const environment = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
};

const parentOf = (pid) => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

function pidsOf(name) {
  const isFunction = new RegExp(`(^|\\0)AWS_LAMBDA_FUNCTION_NAME=[^\\0]*${name}`);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => isFunction.test(environment(pid)) && parentOf(pid) === stack.processes.ministack.pid);
}

function isRunning(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The TCP ports that the stack's processes listen on: `cargo local` and all that it has started. */
export function listeningPorts() {
  const everybody = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number);
  const ofStack = new Set([stack.processes.cargoLocal.pid, processes().ministack.pid, ...(isGateway ? [] : [sockudo().pid])]);
  // A parent may come after its child in the list.
  for (let before = 0; before !== ofStack.size; ) {
    before = ofStack.size;
    everybody.filter((pid) => ofStack.has(read(() => parentOf(pid)))).forEach((pid) => ofStack.add(pid));
  }
  const sockets = new Set([...ofStack].flatMap(socketsOf));
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => read(() => readFileSync(path, "utf8").split("\n").slice(1)) ?? []);
  const LISTENS = "0A";
  const found = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , state, , , , , , inode]) => state === LISTENS && sockets.has(inode));
  return [...new Set(found.map(([, local]) => Number.parseInt(local.split(":")[1], 16)))];
}

const socketsOf = (pid) => {
  const open = read(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return open.flatMap((fd) => /^socket:\[(\d+)\]$/.exec(read(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? "")?.[1] ?? []);
};

/** Looks into /proc; finds nothing where the process has ended meanwhile. */
function read(look) {
  try {
    return look();
  } catch {
    return undefined;
  }
}
