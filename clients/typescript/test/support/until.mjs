/** The limit of every wait. Only a failing test waits that long. */
const LIMIT_MS = 60_000;

/** Resolves once the condition holds; fails when it does not within the limit. */
export async function until(what, condition) {
  const end = Date.now() + LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`No ${what} within ${LIMIT_MS / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
