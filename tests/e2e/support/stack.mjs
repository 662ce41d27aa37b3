// The running stack that the tests drive, as its state file describes it.

import { readFileSync, writeFileSync } from "node:fs";

import { connectionOf } from "../../../local/listen/connection.mjs";

const path = process.env.CARILLON_STACK;
if (!path) {
  throw new Error("CARILLON_STACK is not set; start the tests with `cargo local test`, or set it to the path of a stack.json");
}

const read = () => JSON.parse(readFileSync(path, "utf8"));

/** The state file, as it was when the tests began. */
export const stack = read();

/** Whether the functions speak Pusher's protocol themselves; with `--pusher sockudo`, sockudo does. */
export const isGateway = stack.pusher.server === "gateway";

/** How pusher-js connects to this stack. */
export const connection = connectionOf(stack);

/** Where the tests keep notes next to the state file; the name changes with every start of the stack. */
export const notesPath = `${path}.met-${stack.processes.ministack.pid}`;

/** The stack's processes as they are now; a test may have restarted one. */
export const processes = () => read().processes;

/** Tells the command that stops the stack that a process has been replaced. */
export function processReplaced(name, pid) {
  const now = read();
  now.processes[name].pid = pid;
  writeFileSync(path, JSON.stringify(now, null, 2), { mode: 0o600 });
}
