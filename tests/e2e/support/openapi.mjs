// docs/openapi.yaml as a judge of answers.

import assert from "node:assert/strict";

import { Document } from "./schemas.mjs";

const document = new Document("openapi.yaml");
const METHODS = ["get", "head", "put", "post", "delete", "patch"];

/** Every operation: its path template, its method, the status codes that it documents, and whether a service may act for a user on it. */
export const operations = Object.entries(document.root.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    path,
    method,
    name: `${method.toUpperCase()} ${path}`,
    statuses: Object.keys(item[method].responses).map(Number),
    takesOnBehalfOf: (item[method].parameters ?? []).some(({ $ref }) => $ref === "#/components/parameters/OnBehalfOf"),
    matches: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
  })),
);

/** The operation that a request is for. A literal path wins over a template. */
export function operationOf(method, path) {
  const candidates = operations.filter((op) => op.method === method.toLowerCase() && op.matches.test(path));
  return candidates.find((op) => op.path === path) ?? candidates[0];
}

/** Fails when the answer is not one that the document allows for the operation. */
export function checkAnswer(operation, answer) {
  const what = `${operation.name} answered ${answer.status}`;
  const responses = ["paths", operation.path, operation.method, "responses", String(answer.status)];
  assert.ok(document.at(responses), `${what}, which docs/openapi.yaml does not document: ${JSON.stringify(answer.body)}`);
  const response = document.resolve(responses);
  checkHeaders(what, response, answer);
  if (document.at([...response, "content"]) === undefined) {
    assert.equal(answer.text, "", `${what}, which has no body`);
    return;
  }
  if (document.at([...response, "content", "text/html"])) {
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8", `${what}: its content type`);
    return;
  }
  assert.equal(answer.headers.get("content-type"), "application/json", `${what}: its content type`);
  const faults = document.faults([...response, "content", "application/json", "schema"], answer.body);
  assert.equal(faults, "", `${what}, and its body is not as documented`);
}

function checkHeaders(what, response, answer) {
  for (const name of Object.keys(document.at([...response, "headers"]) ?? {})) {
    const header = document.resolve([...response, "headers", name]);
    const value = answer.headers.get(name);
    if (value === null) {
      assert.ok(!document.at(header).required, `${what} without the header ${name}`);
      continue;
    }
    assert.equal(document.faults([...header, "schema"], value), "", `${what}, and its header ${name} is not as documented`);
  }
}
