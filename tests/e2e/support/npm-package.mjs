// The npm package of this clone, bundled as an app's tools do it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Where esbuild finds the package, and what it depends on, whether `npm ci` was run in clients/typescript or not. */
export const alias = {
  "carillon/react/inbox.css": here("../../../clients/typescript/src/react/inbox.css"),
  "carillon/react": here("../../../clients/typescript/src/react/index.ts"),
  "carillon/server": here("../../../clients/typescript/src/server/index.ts"),
  carillon: here("../../../clients/typescript/src/index.ts"),
  "openapi-fetch": here("../node_modules/openapi-fetch"),
  "pusher-js": here("../node_modules/pusher-js"),
  react: here("../node_modules/react"),
  "react-dom": here("../node_modules/react-dom"),
};

/** pusher-js requires modules of Node's. */
const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };

/** One of its modules, such as `carillon/server`, for Node. */
export async function load(name) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-module-"));
  try {
    const outfile = join(directory, "module.mjs");
    await build({ entryPoints: [alias[name]], bundle: true, format: "esm", platform: "node", outfile, alias, banner, logLevel: "error" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Its program `carillon`, as one file for Node in a folder that the caller removes. */
export async function program() {
  const directory = mkdtempSync(join(tmpdir(), "carillon-program-"));
  const outfile = join(directory, "carillon.mjs");
  const entryPoints = [here("../../../clients/typescript/src/cli/main.ts")];
  await build({ entryPoints, bundle: true, format: "esm", platform: "node", outfile, alias, banner, logLevel: "error" });
  return { path: outfile, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
