// Runs bundled specs in a Node process of their own and prints a line of JSON for each: its name, its status, and why it failed.
// `node run.cjs BUNDLE PATTERN` runs those whose full names match; the others are `excluded`.

const [bundle, pattern] = process.argv.slice(2);
const core = require("jasmine-core");

const env = core.boot(core).getEnv();

// As the suite's own configuration says (spec/config/jasmine/integration.json): in the order in which they are written.
env.configure({ random: false, specFilter: (spec) => new RegExp(pattern).test(spec.getFullName()) });
env.clearReporters();
env.addReporter({
  specDone({ fullName: name, status, failedExpectations }) {
    console.log(JSON.stringify({ name, status, why: failedExpectations.map(({ message }) => message).join("; ") }));
  },
  // Connections that a failed spec has left would keep the process.
  jasmineDone: ({ overallStatus, incompleteReason }) => process.exit(incompleteReason || overallStatus === "incomplete" ? 1 : 0),
});
require(bundle);
env.execute();
