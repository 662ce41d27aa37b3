// Copies a template into a new folder, for one stack.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const TEMPLATES = {
  vite: { title: "Vite + React", prefix: "VITE_" },
  next: { title: "Next.js, App Router", prefix: "NEXT_PUBLIC_" },
};
const LOCAL = "http://localhost:3000";
/** npm packs neither of these names. */
const RENAMED = { _gitignore: ".gitignore" };

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** Something was typed that cannot be done. */
export class UsageError extends Error {}

/** Makes the app. An existing folder has to be empty: nothing is overwritten. */
export function create({ folder, template, url = LOCAL, key, cluster = "", carillon = `^${version}` }) {
  if (!Object.hasOwn(TEMPLATES, template)) {
    throw new UsageError(`There is no template ${JSON.stringify(template)}: take ${Object.keys(TEMPLATES).join(" or ")}`);
  }
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new UsageError(`--url is ${JSON.stringify(url)}: take the stack's output ApiUrl, or ${LOCAL}`);
  }
  const isLocal = ["localhost", "127.0.0.1"].includes(new URL(url).hostname);
  if (key === undefined && !isLocal) {
    throw new UsageError(`A page needs the key of the Pusher app at ${url}: give --key`);
  }
  for (const [flag, value] of Object.entries({ url, key, cluster })) {
    if (/[\s"'`$\\#]/.test(value ?? "")) {
      throw new UsageError(`--${flag} has characters that do not fit into a .env file`);
    }
  }
  const target = resolve(folder);
  const name = nameOf(target);
  if (existing(target).some((entry) => entry !== ".git")) {
    throw new UsageError(`${folder} is not empty: name another folder`);
  }
  const source = fileURLToPath(new URL(`../templates/${template}`, import.meta.url));
  for (const path of readdirSync(source, { recursive: true })) {
    const from = join(source, path);
    if (statSync(from).isFile()) {
      const to = join(target, dirname(path), RENAMED[basename(path)] ?? basename(path));
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, to);
    }
  }
  const { prefix } = TEMPLATES[template];
  writeFileSync(
    join(target, ".env"),
    `# Pages see these.
${prefix}CARILLON_URL=${url.replace(/\/+$/, "")}
${prefix}CARILLON_KEY=${key ?? "carillon-local"}
# Empty if the stack serves channels itself, as the local one does.
${prefix}CARILLON_CLUSTER=${cluster}
# Only the server sees this: the stack's JWT_SECRET. The local stack signs tokens itself.
CARILLON_JWT_SECRET=
`,
    { mode: 0o600 },
  );
  const manifest = JSON.parse(readFileSync(join(target, "package.json"), "utf8"));
  manifest.name = name;
  manifest.dependencies.carillon = carillon;
  writeFileSync(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return { folder, template, isLocal };
}

function existing(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === "ENOENT") {
      return [];
    }
    throw error.code === "ENOTDIR" ? new UsageError(`${folder} is a file: name another folder`) : error;
  }
}

/** A name that npm takes. */
function nameOf(folder) {
  return basename(folder).toLowerCase().replaceAll(/[^a-z0-9._~-]+/g, "-").replace(/^[._-]+/, "") || "carillon-app";
}
