// Asks for what was not given, where somebody can answer.

import { createInterface } from "node:readline/promises";

import { TEMPLATES, UsageError } from "./create.mjs";

const FOLDER = "my-carillon-app";

export async function ask({ folder, template }) {
  if (folder !== undefined && template !== undefined) {
    return { folder, template };
  }
  if (!process.stdin.isTTY) {
    throw new UsageError("Name a folder and a template: npm create carillon my-app -- --template vite");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const names = Object.keys(TEMPLATES);
    return {
      folder: folder ?? ((await terminal.question(`Folder (${FOLDER}): `)).trim() || FOLDER),
      template: template ?? ((await terminal.question(`Template, ${names.join(" or ")} (${names[0]}): `)).trim() || names[0]),
    };
  } finally {
    terminal.close();
  }
}
