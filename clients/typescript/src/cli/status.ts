import { parseArgs } from "node:util";

import { fetchInTime, refusal } from "../request.js";
import { settings } from "./settings.js";

/** `carillon status`: whether the stack is up, and on this machine what it has not delivered yet. */
export async function status(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { values } = parseArgs({ args, options: { url: { type: "string" } } });
  const { url, isLocal } = settings(values, env);
  const response = await fetchInTime(`${url}/health`, {});
  if (response.status !== 200 && response.status !== 503) {
    throw await refusal(response);
  }
  const { table, pusher } = (await response.json()) as { table?: string; pusher?: string };
  console.log(`${url} answers\n  table     ${table ?? "unknown"}\n  channels  ${pusher ?? "unknown"}`);
  if (isLocal) {
    const delivery = await fetchInTime(`${url}/console/delivery`, {});
    if (delivery.ok) {
      const { owed, waiting, dead } = (await delivery.json()) as Record<"owed" | "waiting" | "dead", unknown[]>;
      console.log(`  to do     ${owed.length} deliveries owed, ${waiting.length} waiting to be tried again, ${dead.length} dead letters`);
    }
  }
  process.exitCode = response.ok ? 0 : 1;
}
