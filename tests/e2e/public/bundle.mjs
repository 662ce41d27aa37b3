// pusher-js's own integration specs, bundled from its npm package as they are there. Its own build is webpack's; esbuild does the same here.
// Two of its helpers name Pusher's apps and a server at a fixed port, so each has another one before it, which names this stack.

import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const suite = dirname(require.resolve("pusher-js/package.json"));
const specs = join(suite, "spec/javascripts");
const { version } = require("pusher-js/package.json");

/** For each platform: the suite's name for it, and the class that its specs take for Pusher (its webpack configurations say so). */
const PLATFORMS = {
  node: { runtime: "node", own: "src/core/pusher.ts" },
  browser: { runtime: "web", own: "spec/javascripts/helpers/pusher_integration.js" },
};

/** Writes the specs of a platform, `node` or `browser`, into one file. `settings` is what `apps.cjs` and `helper.cjs` read. */
export async function bundle(platform, file, settings) {
  const { runtime } = PLATFORMS[platform];
  await build({
    entryPoints: [join(specs, `integration/index.${runtime}.js`)],
    outfile: file,
    bundle: true,
    platform,
    format: platform === "node" ? "cjs" : "iife",
    logLevel: "error",
    nodePaths: [`src/runtimes/${runtime}`, "src", "src/runtimes", "spec/javascripts/helpers"].map((path) => join(suite, path)),
    define: {
      VERSION: JSON.stringify(version),
      CDN_HTTP: '"http://js.pusher.com"',
      CDN_HTTPS: '"https://js.pusher.com"',
      DEPENDENCY_SUFFIX: '""',
      RUNTIME: JSON.stringify(runtime),
      "process.env.MINIMAL_INTEGRATION_TESTS": '""',
      // As webpack does for a browser.
      ...(runtime === "web" && { global: "window" }),
      PUBLIC_SETTINGS: JSON.stringify(settings),
    },
    plugins: [replacements(PLATFORMS[platform])],
  });
}

/** Replaces modules as the suite's webpack configurations do, and the two helpers. */
const replacements = ({ runtime, own }) => ({
  name: "of the suite",
  setup(build) {
    const replace = (filter, path) => build.onResolve({ filter }, () => ({ path }));
    replace(/^pusher_integration$/, join(here, "apps.cjs"));
    replace(/^integration$/, join(here, "helper.cjs"));
    replace(/^theirs:pusher$/, join(suite, own));
    replace(/^theirs:integration$/, join(specs, `helpers/${runtime}/integration.js`));
    // Beside it is a pusher.js for webpack, which esbuild would prefer.
    replace(/(^|\/)pusher$/, join(suite, "src/core/pusher.ts"));
    if (runtime === "node") {
      replace(/^dom\/(dependencies|dependency_loader)$/, join(specs, "helpers/node/mock-dom-dependencies.ts"));
    }
    build.onResolve({ filter: /^testenv$/ }, () => ({ path: "testenv", namespace: "testenv" }));
    build.onLoad({ filter: /.*/, namespace: "testenv" }, () => ({ contents: `module.exports = ${JSON.stringify(runtime)}` }));
    // webpack's `require.context`: the modules of a folder whose names end so.
    build.onLoad({ filter: /integration[\\/]index\.(node|web)\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8").replaceAll(/require\.context\("(.+?)", true, \/_spec\$\/\)/g, (_, folder) => context(dirname(path), folder));
      return { contents, loader: "js" };
    });
  },
});

/** An expression that works as webpack's context of the specs in a folder. */
function context(from, folder) {
  const all = readdirSync(join(from, folder), { recursive: true }).map((path) => `./${path.replaceAll("\\", "/")}`);
  const names = all.map((path) => path.replace(/(\/index)?\.js$/, "")).filter((path) => path.endsWith("_spec"));
  const modules = [...new Set(names)].sort().map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(`./${relative(from, join(from, folder, name))}`)})`);
  return `((all) => Object.assign((name) => all[name](), { keys: () => Object.keys(all) }))({ ${modules.join(", ")} })`;
}
