// Writes src/generated from docs/openapi.yaml and docs/asyncapi.yaml; with --check, fails if it would change anything.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { compile } from "json-schema-to-typescript";
import openapiTypescript, { astToString } from "openapi-typescript";
import { parse } from "yaml";

import { eventSchema } from "./event-schema.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const document = (name) => parse(readFileSync(here(`../../../docs/${name}`), "utf8"));
const banner = (name, generator) => `// Made from docs/${name} by ${generator}; \`npm run generate\` makes it again. Do not edit.\n\n`;

const FILES = {
  "openapi.ts": async () => {
    const nodes = await openapiTypescript(document("openapi.yaml"), { alphabetize: false });
    return banner("openapi.yaml", "openapi-typescript") + astToString(nodes);
  },
  "asyncapi.ts": async () => {
    const types = await compile(eventSchema(document("asyncapi.yaml")), "Events", {
      bannerComment: "",
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      style: { printWidth: 120 },
    });
    return banner("asyncapi.yaml", "json-schema-to-typescript") + types;
  },
};

const isCheck = process.argv.includes("--check");
const stale = [];
for (const [name, generate] of Object.entries(FILES)) {
  const path = here(`../src/generated/${name}`);
  const content = await generate();
  if (content !== existing(path)) {
    stale.push(name);
    if (!isCheck) {
      writeFileSync(path, content);
    }
  }
}
if (isCheck && stale.length > 0) {
  console.error(
    `clients/typescript/src/generated is not what docs/openapi.yaml and docs/asyncapi.yaml say (${stale.join(", ")}): ` +
      "run `npm --prefix clients/typescript run generate` and commit what it changes.",
  );
  process.exitCode = 1;
} else {
  console.log(stale.length > 0 ? `Wrote ${stale.join(" and ")}.` : "src/generated is up to date.");
}

function existing(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
