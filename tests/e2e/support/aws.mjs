// Requests to the AWS emulator. It does not check signatures, so the JSON protocols need no SDK.

import { stack } from "./stack.mjs";

/** Sends a request to a service; resolves to the response and its parsed body, or fails with what the service says. */
export async function aws(service, path, { method = "POST", headers, json }) {
  const scope = `test/20260101/${stack.region}/${service}/aws4_request`;
  const response = await fetch(new URL(path, stack.awsEndpoint), {
    method,
    headers: { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` },
    body: json && JSON.stringify(json),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${service} answered ${method} ${path} with ${response.status}: ${text}`);
  }
  return { response, body: text === "" ? undefined : JSON.parse(text) };
}

/** Calls one action of a service that speaks AWS's JSON 1.0 protocol. */
export async function action(service, target, input) {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": target };
  return (await aws(service, "/", { headers, json: input })).body;
}
