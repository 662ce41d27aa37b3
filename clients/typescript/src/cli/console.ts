import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

import { fetchInTime } from "../request.js";
import { Failure } from "./failure.js";
import { settings } from "./settings.js";

/** `carillon console`: prints the address of the local stack's console, and opens it in a browser. */
export async function openConsole(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { values } = parseArgs({ args, options: { url: { type: "string" }, "no-open": { type: "boolean" } } });
  const { url, isLocal } = settings(values, env);
  if (!isLocal) {
    throw new Failure(`Only the local stack has a console. For ${url}, CloudWatch has a dashboard with the stack's name`);
  }
  const address = `${url}/console`;
  await fetchInTime(address, { method: "HEAD" });
  console.log(address);
  if (!values["no-open"]) {
    open(address);
  }
}

function open(address: string): void {
  const [command, ...before] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? ["xdg-open"];
  // A machine without a browser has the address.
  spawn(command as string, [...before, address], { detached: true, stdio: "ignore" }).on("error", () => {}).unref();
}
