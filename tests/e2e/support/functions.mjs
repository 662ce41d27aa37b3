// The deployed functions, as an operator handles them: invoked directly, and their event sources paused.

import assert from "node:assert/strict";

import { aws } from "./aws.mjs";
import { cleanUp } from "./cleanup.mjs";
import { stack } from "./stack.mjs";

const lambda = (method, path, json) =>
  aws("lambda", `/2015-03-31/${path}`, { method, json, headers: { "content-type": "application/json" } });

/** The name of a deployed function; `name` is its logical id in the template. */
async function deployed(name) {
  const { body } = await lambda("GET", "functions/?MaxItems=100");
  const found = body.Functions.find(({ FunctionName }) => FunctionName.includes(name));
  assert.ok(found, `no function ${name} is deployed`);
  return found.FunctionName;
}

/** Invokes a function with an event; `name` is its logical id in the template. */
export async function invoke(name, event = {}) {
  const answer = await lambda("POST", `functions/${await deployed(name)}:live/invocations`, event);
  assert.equal(answer.response.headers.get("x-amz-function-error"), null, `${name} failed: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The same, without waiting for its end. */
export async function invokeLater(name, event = {}) {
  const headers = { "content-type": "application/json", "x-amz-invocation-type": "Event" };
  await aws("lambda", `/2015-03-31/functions/${await deployed(name)}:live/invocations`, { method: "POST", json: event, headers });
}

/** Pauses what feeds the function `Delivery`; resolves to a function that lets it go on, as the end of the test `t` does at the latest. */
export async function holdDeliveries(t) {
  const { body } = await lambda("GET", "event-source-mappings/");
  const mappings = body.EventSourceMappings.filter(({ FunctionArn }) => FunctionArn.includes("Delivery"));
  const feeds = ["the stream", "the retry queue", ...(stack.webhookUrl ? ["the queue of webhooks"] : [])];
  assert.equal(mappings.length, feeds.length, `${feeds.join(", ")} should feed Delivery`);
  const enable = (Enabled) => Promise.all(mappings.map(({ UUID }) => lambda("PUT", `event-source-mappings/${UUID}`, { Enabled })));
  const release = () => enable(true);
  cleanUp(t, release);
  await enable(false);
  return release;
}

/** Lets Lambda refuse each invocation of a function; resolves to a function that ends it, as the end of the test `t` does at the latest. */
export async function throttle(t, name) {
  const path = `functions/${await deployed(name)}/concurrency`;
  const release = () => lambda("DELETE", path);
  cleanUp(t, release);
  await lambda("PUT", path, { ReservedConcurrentExecutions: 0 });
  return release;
}

const api = (method, path, json) =>
  aws("apigateway", `/v2/apis${path}`, { method, json, headers: { "content-type": "application/json" } }).then(({ body }) => body);

/** The id of the WebSocket API. */
export async function socketApi() {
  const found = (await api("GET", "")).items.filter(({ protocolType }) => protocolType === "WEBSOCKET");
  assert.equal(found.length, 1, "there should be one WebSocket API");
  return found[0].apiId;
}

/** Whether the WebSocket API has this connection. */
export async function hasConnection(stage, connection) {
  const path = `/_aws/execute-api/${await socketApi()}/${stage}/@connections/${connection}`;
  return aws("execute-api", path, { method: "GET" }).then(
    () => true,
    (error) => {
      assert.match(error.message, / with 410/);
      return false;
    },
  );
}

/** Does something while the WebSocket API has no such route: its function hears of nothing. */
export async function withoutRoute(routeKey, act) {
  const routes = `/${await socketApi()}/routes`;
  const { routeId, target } = (await api("GET", routes)).items.find((route) => route.routeKey === routeKey);
  await api("DELETE", `${routes}/${routeId}`);
  try {
    await act();
  } finally {
    await api("POST", routes, { routeKey, target });
  }
}
