// The page for you to look at, while `cargo local` runs: `cargo local page`

import { PAGE_PORT, servePage } from "./server.mjs";

try {
  const { origin } = await servePage(PAGE_PORT);
  console.log(`${origin} asks for a token: cargo local token ben --name Ben. Ctrl-C ends this.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
