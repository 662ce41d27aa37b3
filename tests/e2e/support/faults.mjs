// Faults that are rare on AWS and happen here on request: local/bridge/ministack/faults.py lists them.

import { cleanUp } from "./cleanup.mjs";
import { stack } from "./stack.mjs";

async function control(method, path, json) {
  const response = await fetch(new URL(`/_carillon/${path}`, stack.awsEndpoint), { method, body: json && JSON.stringify(json) });
  if (!response.ok) {
    throw new Error(`the emulator answered ${method} ${path} with ${response.status}: ${await response.text()}`);
  }
  return response.json();
}

/** Lets these happen until the end of the test `t`. */
export async function withFaults(t, faults) {
  cleanUp(t, () => control("PUT", "faults", {}));
  await control("PUT", "faults", faults);
}

/** How often faults of this name have happened since the stack began. */
export const happened = async (name) => (await control("GET", "faults")).counts[name] ?? 0;

/** Deletes the rows past their expiry, as DynamoDB does days later; resolves to their number. */
export const deleteExpired = async () => (await control("POST", "expire")).deleted;
