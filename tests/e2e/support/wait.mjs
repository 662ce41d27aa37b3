// Waiting for something to happen. How long that takes depends on the machine's load, so one generous limit holds for everything.
// Only a failing test waits that long.

import { setTimeout as pause } from "node:timers/promises";

/** How long anything may take, in milliseconds. */
export const LIMIT = 120_000;

const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 250;

/**
 * Resolves to the first truthy value of `probe`; fails, naming `what`, when none came within the limit. `instead`, if given, tells what was there
 * at the end.
 */
export async function until(what, probe, instead) {
  const end = Date.now() + LIMIT;
  // More and more slowly: a probe that asks the stack takes time from what it waits for.
  for (let ms = FIRST_PAUSE; ; ms = Math.min(ms * 1.3, LONGEST_PAUSE)) {
    const value = await probe();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`${what} did not happen within ${LIMIT / 1000} s${instead ? `, but ${await instead()}` : ""}`);
    }
    await pause(ms);
  }
}

/** Fails, naming `what`, when `promise` is not settled within the limit. */
export async function inTime(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${LIMIT / 1000} s`)), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
