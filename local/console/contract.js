// docs/openapi.yaml, as the forms need it.

import { ask } from "/console/server.js";

const METHODS = ["get", "head", "post", "put", "patch", "delete"];
let document_ = null;

/** Every operation, in the document's order. */
export async function operations() {
  document_ = await ask("openapi.json");
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
  return { name, where, required, description, example: example ?? firstOf(examples) ?? sample(schema), options: resolve(schema)?.enum };
}

const firstOf = (examples) => examples && Object.values(examples).map(resolve)[0]?.value;

function body({ required = false, content }) {
  const [type] = Object.keys(content).sort((one, other) => Number(isJson(other)) - Number(isJson(one)));
  const { schema, example, examples } = content[type];
  const named = Object.entries(examples ?? {}).map(([name, value]) => [resolve(value).summary ?? name, resolve(value).value]);
  const made = example === undefined ? named : [["example", example]];
  return { required, type, examples: made.length > 0 ? made : [["made up from the schema", sample(schema)]] };
}

const isJson = (type) => type.includes("json");

function resolve(value) {
  if (!value?.$ref) {
    return value;
  }
  const found = value.$ref.replace(/^#\//, "").split("/").reduce((part, key) => part?.[key], document_);
  return resolve(found);
}

/** A value that a schema allows, or nearly: its example, its first choice, or one of its type. */
function sample(schema, depth = 0) {
  const resolved = resolve(schema) ?? {};
  const { type, examples, example, default: usual, const: only, enum: choices, properties, items, allOf, oneOf, anyOf, required = [] } = resolved;
  const given = [example, examples?.[0], only, usual, choices?.[0]].find((value) => value !== undefined);
  if (given !== undefined || depth > 6) {
    return given;
  }
  if (allOf) {
    const parts = allOf.map((part) => sample(part, depth + 1));
    return parts.every((part) => typeof part === "object" && part !== null) ? Object.assign({}, ...parts) : parts[0];
  }
  if (oneOf ?? anyOf) {
    return sample((oneOf ?? anyOf)[0], depth + 1);
  }
  const kind = Array.isArray(type) ? type[0] : type;
  if (properties) {
    const wanted = Object.entries(properties).filter(([name]) => required.includes(name) || required.length === 0);
    return Object.fromEntries(wanted.map(([name, part]) => [name, sample(part, depth + 1) ?? null]));
  }
  return { string: "", integer: resolved.minimum ?? 1, number: 1, boolean: true, array: items ? [sample(items, depth + 1)] : [], object: {} }[kind];
}
