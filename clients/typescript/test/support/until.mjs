/** Resolves once the condition holds; fails when it does not come to. */
export async function until(what, condition, patience = 10_000) {
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`No ${what} within ${patience / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
