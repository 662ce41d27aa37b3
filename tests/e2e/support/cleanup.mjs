// Restores what a test has changed, whether it passed or failed.

const acts = new WeakMap();

/**
 * Does this at the end of the test `t`, the latest first. Unlike with `t.after`, the others are done too when one of them fails,
 * and the test fails with the first failure.
 */
export function cleanUp(t, act) {
  if (!acts.has(t)) {
    acts.set(t, []);
    t.after(() => all(acts.get(t)));
  }
  acts.get(t).push(act);
}

async function all(ofTest) {
  const failures = [];
  for (const act of ofTest.toReversed()) {
    try {
      await act();
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}
