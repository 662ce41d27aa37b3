// Requests to the AWS emulator. It does not check signatures, so the JSON protocols need no SDK.

import { stack } from "./stack.mjs";
import { LIMIT, until } from "./wait.mjs";

/** Failures before the emulator had the request: it may be sent again, whatever it asks for. */
const NOT_SENT = new Set(["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"]);
/** Actions that change nothing, and may be repeated even if the emulator had the request. */
const READS = /\.(Get|Query|Scan|List|Describe)\w*$/;

/** Sends a request to a service; resolves to the response and its body (JSON is parsed, XML is not), or fails with what the service says. */
export async function aws(service, path, { method = "POST", headers, json, isRead = method === "GET" }) {
  const scope = `test/20260101/${stack.region}/${service}/aws4_request`;
  const send = () =>
    fetch(new URL(path, stack.awsEndpoint), {
      method,
      headers: { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` },
      body: json && JSON.stringify(json),
      signal: AbortSignal.timeout(isRead ? LIMIT / 6 : LIMIT),
    }).then(async (response) => ({ response, text: await response.text() }));
  const { response, text } = await until(`an answer of ${service} to ${method} ${path}`, () =>
    send().catch((error) => {
      if (isRead ? error instanceof TypeError || error.name === "TimeoutError" : NOT_SENT.has(error.cause?.code)) {
        return undefined;
      }
      throw error;
    }),
  );
  if (!response.ok) {
    throw new Error(`${service} answered ${method} ${path} with ${response.status}: ${text}`);
  }
  const body = text.startsWith("<") ? text : text === "" ? undefined : JSON.parse(text);
  return { response, body };
}

/** Calls one action of a service that speaks AWS's JSON 1.0 protocol. */
export async function action(service, target, input) {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": target };
  return (await aws(service, "/", { headers, json: input, isRead: READS.test(target) })).body;
}
