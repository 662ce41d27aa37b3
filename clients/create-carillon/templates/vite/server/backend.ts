// The app's back end, as a part of `vite` and `vite preview`. In production, your own server has these two routes.

import type { IncomingMessage, ServerResponse } from "node:http";

import { createBackend } from "carillon/server";
import type { Connect, Plugin } from "vite";

export function backend(env: Record<string, string | undefined>): Plugin {
  const secret = env.CARILLON_JWT_SECRET;
  const carillon = createBackend({
    apiUrl: env.VITE_CARILLON_URL ?? "http://localhost:3000",
    // The local stack signs tokens itself.
    key: secret ? { secret } : undefined,
  });
  // The signed-in user. Take it from your session: everybody is Ben here.
  const user = { sub: "ben", name: "Ben" };

  const routes: Record<string, () => Promise<unknown>> = {
    "GET /api/session": async () => ({ userId: user.sub, name: user.name, token: await carillon.tokenFor(user) }),
    "POST /api/send": () =>
      carillon.notify({
        userId: user.sub,
        type: "ORDER_SHIPPED",
        title: "Your parcel is on its way",
        body: `It left at ${new Date().toLocaleTimeString()}.`,
      }),
  };

  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const route = routes[`${request.method} ${request.url}`];
    if (route === undefined) {
      next();
    } else if (!isOwnPage(request)) {
      send(response, 403, { message: "Only this app's own page may ask" });
    } else {
      route().then(
        (body) => send(response, 200, body),
        (error: Error) => send(response, 502, { message: error.message }),
      );
    }
  };
  return {
    name: "backend",
    configureServer: ({ middlewares }) => void middlewares.use(answer),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(answer),
  };
}

/** A page of another origin gets no token, and sends nothing. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  return headers["sec-fetch-site"] === "same-origin";
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
}
