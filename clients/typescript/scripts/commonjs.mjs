// Writes dist/cjs: the built package for `require`, made file by file of what tsc wrote, with the same types.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
/** The program is run, and never required. */
const isLibrary = (path) => !path.startsWith("cjs") && !path.startsWith("cli");

for (const path of readdirSync(dist, { recursive: true }).filter(isLibrary)) {
  const to = join(dist, "cjs", path);
  if (path.endsWith(".js")) {
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, ts.transpileModule(readFileSync(join(dist, path), "utf8"), { compilerOptions }).outputText);
  } else if (path.endsWith(".d.ts")) {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(dist, path), to);
  }
}
writeFileSync(join(dist, "cjs/package.json"), '{ "type": "commonjs" }\n');
