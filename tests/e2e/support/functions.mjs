// The deployed functions, as an operator handles them: invoked directly, and their event sources paused.

import assert from "node:assert/strict";

import { aws } from "./aws.mjs";

const lambda = (method, path, json) =>
  aws("lambda", `/2015-03-31/${path}`, { method, json, headers: { "content-type": "application/json" } });

/** Invokes a function with an event; `name` is its logical id in the template. */
export async function invoke(name, event = {}) {
  const { body } = await lambda("GET", "functions/?MaxItems=100");
  const found = body.Functions.find(({ FunctionName }) => FunctionName.includes(name));
  assert.ok(found, `no function ${name} is deployed`);
  const answer = await lambda("POST", `functions/${found.FunctionName}/invocations`, event);
  assert.equal(answer.response.headers.get("x-amz-function-error"), null, `${name} failed: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Pauses what feeds the function `Delivery`; resolves to a function that lets it go on. */
export async function holdDeliveries() {
  const { body } = await lambda("GET", "event-source-mappings/");
  const mappings = body.EventSourceMappings.filter(({ FunctionArn }) => FunctionArn.includes("Delivery"));
  assert.equal(mappings.length, 2, "the stream and the retry queue should both feed Delivery");
  const enable = (Enabled) => Promise.all(mappings.map(({ UUID }) => lambda("PUT", `event-source-mappings/${UUID}`, { Enabled })));
  await enable(false);
  return () => enable(true);
}
