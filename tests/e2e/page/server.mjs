// The page, bundled for the running stack and served on an origin of its own.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { alias } from "../support/npm-package.mjs";
import { stack } from "../support/stack.mjs";

/** The port that the page is served on for people; the local stack answers pages of this machine on every port. */
export const PAGE_PORT = 3001;

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Serves the page of this folder, or of another one beside it, at http://`host`:`port`; 0 is any free port. Resolves to its origin and a
 * function that ends it.
 */
export async function servePage(port, host = "localhost", folder = ".") {
  const { js, css } = await bundle(`${folder}/main.jsx`);
  const files = {
    "/": { type: "text/html; charset=utf-8", content: readFileSync(here(`${folder}/index.html`)) },
    "/page.js": { type: "text/javascript; charset=utf-8", content: js },
    ...(css && { "/page.css": { type: "text/css; charset=utf-8", content: css } }),
  };
  const server = createServer((request, response) => {
    const file = files[request.url];
    response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" }).end(file?.content);
  });
  await listening(server, port);
  return { origin: `http://${host}:${server.address().port}`, close: () => closed(server) };
}

/** The page's script, and the style sheets that it imports. */
async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    write: false,
    outdir: "/",
    format: "esm",
    jsx: "automatic",
    // The package as it is in this clone, with the one React of this page.
    alias,
    logLevel: "error",
    define: {
      "process.env.NODE_ENV": '"development"',
      // The guide's names; the last two are for a Pusher server of one's own.
      "import.meta.env": JSON.stringify({
        VITE_API_BASE_URL: stack.url,
        VITE_PUSHER_APP_KEY: stack.pusher.key,
        VITE_PUSHER_CLUSTER: "mt1",
        VITE_PUSHER_HOST: stack.pusher.host,
        VITE_PUSHER_PORT: stack.pusher.port,
      }),
    },
  });
  const named = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.contents;
  return { js: named(".js"), css: named(".css") };
}

function listening(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(error.code === "EADDRINUSE" ? new Error(`Port ${port} is taken; end the program that listens there, and try again.`) : error),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}

function closed(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}
