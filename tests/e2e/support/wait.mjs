// Bounded waiting.

import { setTimeout as pause } from "node:timers/promises";

/** Resolves to the first truthy value of `probe`; fails, naming `what`, when none came in time. */
export async function until(what, probe, within = 10_000) {
  const end = Date.now() + within;
  for (;;) {
    const value = await probe();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`${what} did not happen within ${within / 1000} s`);
    }
    await pause(20);
  }
}
