// Calls to Carillon over HTTP. Every answer is held against docs/openapi.yaml.

import assert from "node:assert/strict";

import { noteAnswer } from "./coverage.mjs";
import { checkAnswer, operationOf } from "./openapi.mjs";
import { stack } from "./stack.mjs";
import { LIMIT } from "./wait.mjs";

/**
 * Sends a request: `json` or `form` as its body with the matching content type, or a raw `body`; `as` is the caller.
 * Resolves to the status, the headers, the body's text and, where there is one, the parsed body.
 */
export async function call(method, path, { as, json, form, body, headers = {} } = {}) {
  const sent = { ...headers };
  if (as) {
    sent.authorization ??= `Bearer ${as.token}`;
  }
  if (json !== undefined) {
    sent["content-type"] ??= "application/json";
  } else if (form !== undefined) {
    sent["content-type"] ??= "application/x-www-form-urlencoded";
  }
  const response = await fetch(new URL(path, stack.url), {
    method,
    headers: sent,
    body: json !== undefined ? JSON.stringify(json) : form !== undefined ? new URLSearchParams(form).toString() : body,
    signal: AbortSignal.timeout(LIMIT),
  });
  const text = await response.text();
  const answer = { status: response.status, headers: response.headers, text, body: parsed(text) };

  const operation = operationOf(method, new URL(path, stack.url).pathname);
  assert.ok(operation, `docs/openapi.yaml has no ${method} ${path}`);
  checkAnswer(operation, answer);
  noteAnswer(operation.name, answer.status);
  return answer;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The body of an answer that has this status; fails with what the answer says otherwise. */
export async function expecting(status, method, path, request) {
  const answer = await call(method, path, request);
  assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${answer.text}`);
  return answer.body;
}
