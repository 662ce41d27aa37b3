// The page for you to look at, while `cargo local` runs: CARILLON_STACK=target/local/stack.json node tests/e2e/page/serve.mjs

import { ALLOWED_PORT, servePage } from "./server.mjs";

try {
  const { origin } = await servePage(ALLOWED_PORT);
  console.log(`${origin} asks for a token: cargo local token ben --name Ben. Ctrl-C ends this.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
