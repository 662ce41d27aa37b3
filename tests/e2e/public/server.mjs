// The back end of the suite's specs: it authorizes subscriptions, sends events, and echoes. It does what the suite's own server
// (integration_tests_server of pusher-js) does, on a free port of loopback, and sends to this stack.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const TEXT = { "content-type": "text/javascript; charset=utf-8" };

/** Starts it; `backend` is a `Pusher` of the library for Node. Resolves to its address and how it is closed. */
export async function serve(backend) {
  const server = createServer((request, response) => {
    answer(backend, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(backend, request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  const query = Object.fromEntries(searchParams);
  response.setHeader("access-control-allow-origin", "*");
  response.setHeader("access-control-allow-headers", "accepts, content-type");
  const id = pathname.split("/").at(-1);
  if (request.method === "OPTIONS") {
    response.end();
  } else if (pathname === "/auth" && request.method === "POST") {
    const form = new URLSearchParams(await text(request));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(authorized(backend, Object.fromEntries(form))));
  } else if (pathname === "/auth") {
    response.writeHead(200, TEXT).end(`${query.callback}(${JSON.stringify(authorized(backend, query))})`);
  } else if (pathname.startsWith("/v2/send/")) {
    const [channel, event, data] = [query.channel, query.event, query.data].map(decoded);
    await backend.trigger(channel, event, JSON.parse(data));
    response.writeHead(200, TEXT).end(`Pusher.Integration.ScriptReceivers[${id}](null, {});`);
  } else if (pathname.startsWith("/v2/jsonp/echo/")) {
    const echo = Object.entries(query).map(([name, value]) => [name, parsed(decoded(value))]);
    response.writeHead(200, TEXT).end(`Pusher.ScriptReceivers[${id}](null, ${JSON.stringify(Object.fromEntries(echo))});`);
  } else if (pathname === "/v2/script_request/echo") {
    const { receiver, ...echo } = query;
    response.writeHead(200, TEXT).end(`${receiver}(null, ${JSON.stringify(echo)});`);
  } else if (pathname === "/page") {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>pusher-js's specs</title>");
  } else {
    response.writeHead(pathname.startsWith("/jsonp/500/") ? 500 : 404).end();
  }
}

/** As the suite's server does, with `channel_data` on every channel: on a private one, too. */
function authorized(backend, { channel_name: channel, socket_id: socket }) {
  const user = { name: `Integration ${socket}`, email: `integration-${socket}@example.com` };
  return backend.authorizeChannel(socket, channel, { user_id: socket, user_info: user });
}

const decoded = (base64) => Buffer.from(base64, "base64").toString();

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
