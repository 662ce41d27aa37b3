#!/usr/bin/env node
import { parseArgs } from "node:util";

import { ask } from "./src/ask.mjs";
import { create, TEMPLATES, UsageError } from "./src/create.mjs";

const USAGE = `npm create carillon [folder] -- [options]: makes an app with a button that sends a notification, and a bell that rings

  --template NAME   ${Object.entries(TEMPLATES).map(([name, { title }]) => `${name} (${title})`).join(" or ")}
  --url URL         address of a deployed stack; by default http://localhost:3000, the local one
  --key KEY         key of its Pusher app
  --cluster NAME    its cluster at Pusher, unless the stack serves channels itself
  --carillon SPEC   another version of the package carillon, such as file:../carillon-0.1.0.tgz
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      template: { type: "string", short: "t" },
      url: { type: "string" },
      key: { type: "string" },
      cluster: { type: "string" },
      carillon: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
  } else if (positionals.length > 1) {
    throw new UsageError("Give one folder");
  } else {
    const answers = await ask({ folder: positionals[0], template: values.template });
    const { folder, template, isLocal } = create({ ...values, ...answers });
    console.log(`
${TEMPLATES[template].title} is in ${folder}. Next:

  cd ${folder}
  npm install
  npm run dev
${isLocal ? "\nThe local stack has to run: `cargo local` in a clone of Carillon." : "\nSet CARILLON_JWT_SECRET in .env to the JWT_SECRET of the stack. That file is not committed."}`);
  }
} catch (error) {
  const isUsage = error instanceof UsageError || error.code?.startsWith("ERR_PARSE_ARGS");
  console.error(`error: ${error.message}`);
  if (isUsage) {
    console.error("npm create carillon -- --help has the options.");
  }
  process.exitCode = isUsage ? 2 : 1;
}
