// Bundles each function as one would for Lambda: everything in one minified file.
import { build } from "esbuild";

await build({
  entryPoints: ["pusher-auth", "kudos-create", "lease-chat", "pusher-webhook", "delivery", "sockets"].map((name) => `src/${name}.mjs`),
  outdir: process.argv[2],
  outExtension: { ".js": ".mjs" },
  bundle: true,
  minify: true,
  platform: "node",
  target: "node20",
  format: "esm",
  // CommonJS packages in an ES module call these.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
