// JSON Schema, as far as the documents of Carillon use it: checking a value, and making one that a schema allows.

/** Follows references in a document. */
export const resolverOf = (document_) =>
  function resolve(value) {
    if (!value?.$ref) {
      return value;
    }
    const unescaped = (key) => key.replaceAll("~1", "/").replaceAll("~0", "~");
    return resolve(value.$ref.replace(/^#\//, "").split("/").map(unescaped).reduce((part, key) => part?.[key], document_));
  };

/** The schema with its references followed and its parts (`allOf`) put together. */
export function flat(schema, resolve, depth = 0) {
  const { allOf, ...own } = resolve(schema) ?? {};
  if (!allOf || depth > 8) {
    return own;
  }
  return [...allOf.map((part) => flat(part, resolve, depth + 1)), own].reduce((all, part) => ({
    ...all,
    ...part,
    properties: all.properties || part.properties ? { ...all.properties, ...part.properties } : undefined,
    required: [...(all.required ?? []), ...(part.required ?? [])],
  }), {});
}

/** The alternatives of a schema (`oneOf`, `anyOf`), without that of `null`. */
export function choicesOf({ oneOf, anyOf }, resolve) {
  const all = (oneOf ?? anyOf ?? []).map((one) => flat(one, resolve));
  return all.filter(({ type }) => type !== "null");
}

/** The type of a value in the words of JSON Schema. */
export const typeOf = (value) => (value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value);

const typesOf = ({ type }) => (type === undefined ? [] : [type].flat());

/** A schema's first type that is not `null`. */
export const mainType = (schema) => typesOf(schema).find((type) => type !== "null") ?? (schema.properties ? "object" : undefined);

/** The faults of a value by a schema, in words. Empty if it has no fault that this file knows. */
export function faultsIn(schema, value, resolve, at = "") {
  const known = flat(schema, resolve);
  const named = at || "the data";
  const types = typesOf(known);
  const type = typeOf(value);
  if (types.length > 0 && !types.includes(type) && !(type === "integer" && types.includes("number"))) {
    return [`${named} is ${type}, not ${types.join(" or ")}`];
  }
  if (known.const !== undefined && JSON.stringify(known.const) !== JSON.stringify(value)) {
    return [`${named} is not ${JSON.stringify(known.const)}`];
  }
  if (known.enum && !known.enum.includes(value)) {
    return [`${named} is none of ${known.enum.map((one) => JSON.stringify(one)).join(", ")}`];
  }
  const choices = choicesOf(known, resolve);
  if (choices.length > 0 && type !== "null") {
    const faults = choices.map((choice) => faultsIn(choice, value, resolve, at));
    if (!faults.some((one) => one.length === 0)) {
      return faults.toSorted((one, other) => one.length - other.length)[0];
    }
  }
  return [...ofText(known, value, named), ...ofObject(known, value, resolve, at), ...ofList(known, value, resolve, at)];
}

function ofText({ minLength = 0, maxLength = Infinity, pattern }, value, named) {
  if (typeof value !== "string") {
    return [];
  }
  const length = [...value].length;
  return [
    length < minLength && (value === "" ? `${named} is empty` : `${named} has less than ${minLength} characters`),
    length > maxLength && `${named} has more than ${maxLength} characters`,
    pattern && value && !new RegExp(pattern, "u").test(value) && `${named} does not match ${pattern.length > 40 ? "its pattern" : pattern}`,
  ].filter(Boolean);
}

function ofObject({ properties = {}, required = [], additionalProperties }, value, resolve, at) {
  if (typeOf(value) !== "object") {
    return [];
  }
  const path = (name) => (at ? `${at}.${name}` : name);
  const missing = required.filter((name) => !(name in value)).map((name) => `${path(name)} is missing`);
  const unknown = additionalProperties === false ? Object.keys(value).filter((name) => !(name in properties)).map((name) => `${path(name)} is unknown`) : [];
  const wrong = Object.entries(value).filter(([name]) => name in properties).flatMap(([name, part]) => faultsIn(properties[name], part, resolve, path(name)));
  return [...new Set([...missing, ...unknown, ...wrong])];
}

function ofList({ items, maxItems = Infinity }, value, resolve, at) {
  if (!Array.isArray(value)) {
    return [];
  }
  const tooMany = value.length > maxItems ? [`${at || "the data"} has more than ${maxItems} items`] : [];
  return items ? [...tooMany, ...value.flatMap((item, index) => faultsIn(items, item, resolve, `${at}[${index}]`))] : tooMany;
}

/** A value that a schema allows, or nearly: its example, its first choice, or one of its type. */
export function sampleOf(schema, resolve, depth = 0) {
  const resolved = flat(schema, resolve);
  const { examples, example, default: usual, const: only, enum: choices, properties, items, required = [], minimum, minLength = 0, format } = resolved;
  const given = [example, examples?.[0], only, usual, choices?.[0]].find((value) => value !== undefined);
  if (given !== undefined || depth > 6) {
    return given;
  }
  const [first] = choicesOf(resolved, resolve);
  if (first) {
    return sampleOf(first, resolve, depth + 1);
  }
  if (properties) {
    const wanted = Object.entries(properties).filter(([name]) => required.includes(name) || required.length === 0);
    return Object.fromEntries(wanted.map(([name, part]) => [name, sampleOf(part, resolve, depth + 1) ?? null]));
  }
  const text = format === "date-time" ? "2026-11-30T10:00:00.000Z" : minLength > 0 ? "text".padEnd(minLength, ".") : "";
  return { string: text, integer: minimum ?? 1, number: 1, boolean: true, array: items ? [sampleOf(items, resolve, depth + 1)] : [], object: {} }[mainType(resolved)];
}
