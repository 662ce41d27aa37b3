// docs/openapi.yaml, as the forms need it.

import { resolverOf, sampleOf } from "/console/schema.js";
import { ask } from "/console/server.js";

const METHODS = ["get", "head", "post", "put", "patch", "delete"];
let document_ = null;
let resolve = null;

/** Follows references in the document. */
export const resolved = (value) => resolve(value);

/** Every operation, in the document's order. */
export async function operations() {
  document_ = await ask("openapi.json");
  resolve = resolverOf(document_);
  return Object.entries(document_.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => operation(path, method, item)),
  );
}

function operation(path, method, item) {
  const { operationId, tags, summary, description, security, requestBody, parameters = [] } = item[method];
  return {
    id: operationId,
    tag: tags?.[0] ?? "Other",
    method: method.toUpperCase(),
    path,
    summary,
    description,
    needsToken: (security ?? document_.security).length > 0,
    parameters: [...(item.parameters ?? []), ...parameters].map(resolve).map(parameter),
    body: requestBody && body(resolve(requestBody)),
  };
}

function parameter({ name, in: where, required = false, description, schema, example, examples }) {
  return { name, where, required, description, example: example ?? firstOf(examples) ?? sampleOf(schema, resolve), options: resolve(schema)?.enum };
}

const firstOf = (examples) => examples && Object.values(examples).map(resolve)[0]?.value;

function body({ required = false, content }) {
  const [type] = Object.keys(content).sort((one, other) => Number(isJson(other)) - Number(isJson(one)));
  const { schema, example, examples } = content[type];
  const named = Object.entries(examples ?? {}).map(([name, value]) => [resolve(value).summary ?? name, resolve(value).value]);
  const made = example === undefined ? named : [["example", example]];
  return { required, type, examples: made.length > 0 ? made : [["made up from the schema", sampleOf(schema, resolve)]], schema };
}

const isJson = (type) => type.includes("json");
