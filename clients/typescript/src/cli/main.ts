#!/usr/bin/env node
import { RefusedError } from "../refused.js";
import { openConsole } from "./console.js";
import { UsageError } from "./failure.js";
import { listen } from "./listen.js";
import { send } from "./send.js";
import { status } from "./status.js";
import { token } from "./token.js";
import { type Command, USAGE } from "./usage.js";

const COMMANDS: Record<Command, (args: string[], env: NodeJS.ProcessEnv) => Promise<void>> = {
  token,
  listen,
  send,
  status,
  console: openConsole,
};

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 20) {
  console.error(`error: carillon needs Node.js 20.10 or later, and this is ${process.versions.node}. A later one: https://nodejs.org, or \`nvm install 20\``);
  process.exit(1);
}

const [name = "", ...args] = process.argv.slice(2);
if (isCommand(name)) {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE[name]);
  } else {
    await COMMANDS[name](args, process.env).catch((error: unknown) => fail(name, error));
  }
} else if (["", "help", "--help", "-h"].includes(name)) {
  console.log(USAGE.carillon);
} else {
  console.error(`error: There is no command ${JSON.stringify(name)}.\n\n${USAGE.carillon}`);
  process.exitCode = 2;
}

function isCommand(name: string): name is Command {
  return Object.hasOwn(COMMANDS, name);
}

function fail(command: Command, error: unknown): void {
  const { message, code } = error as { message: string; code?: string };
  // Node's own words name the flag.
  const isUsage = error instanceof UsageError || code?.startsWith("ERR_PARSE_ARGS") === true;
  console.error(`error: ${message.replace(/\.$/, "")}${hint(error)}`);
  if (isUsage) {
    console.error(`carillon ${command} --help has the options.`);
  }
  process.exitCode = isUsage ? 2 : 1;
}

function hint(error: unknown): string {
  if (error instanceof RefusedError) {
    return ` (status ${error.status}${error.requestId === null ? "" : `, request ${error.requestId}`})`;
  }
  return /cannot be reached|No response from/.test(String(error))
    ? ".\nStart the local stack by `cargo local` in a clone of Carillon, or set CARILLON_URL to the output ApiUrl of a deployed one."
    : "";
}
