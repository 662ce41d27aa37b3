// Which operations and events of the contract the tests have met. Each test file is a process of its own, so a file holds them.

import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";

import { notesPath } from "./stack.mjs";

const noted = new Set();

function note(line) {
  if (!noted.has(line)) {
    noted.add(line);
    appendFileSync(notesPath, `${line}\n`, { mode: 0o600 });
  }
}

/** Notes an answer, such as "POST /kudos" with 201. */
export const noteAnswer = (operation, status) => note(`answer ${operation} ${status}`);

/** Notes an event received, such as "kudos:received" on "private-user-{userId}". */
export const noteEvent = (address, name) => note(`event ${address} ${name}`);

/** Everything met since the stack was started. */
export function met() {
  const lines = existsSync(notesPath) ? readFileSync(notesPath, "utf8").split("\n") : [];
  const of = (kind) => new Set(lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1)));
  return { answers: of("answer"), events: of("event") };
}

/** Forgets it all, so that the next run starts from nothing. */
export const forget = () => rmSync(notesPath, { force: true });
