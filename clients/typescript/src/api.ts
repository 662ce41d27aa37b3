import createClient, { type Client } from "openapi-fetch";

import type { paths } from "./generated/openapi.js";
import { type Token, tokenNow } from "./token.js";

/** Carillon's routes, with the types of docs/openapi.yaml: `const { data, error, response } = await api.GET("/parties/{partyId}", …)`. */
export type Api = Client<paths>;

/** A client of Carillon's routes, for the user of this token. */
export function createApi({ apiUrl, token }: { apiUrl: string; token: Token }): Api {
  const api = createClient<paths>({ baseUrl: apiUrl });
  api.use({
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await tokenNow(token)}`);
      return request;
    },
  });
  return api;
}
