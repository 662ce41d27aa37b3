// A form of a JSON Schema: one field for each property. A field that is left empty, and may be, is left out.

import { fill, make } from "/console/dom.js";
import { choicesOf, faultsIn, flat, mainType, sampleOf, typeOf } from "/console/schema.js";

/** A form for a value: its element, and `read`, which returns the value as it is filled in. `changed` is called after each change. */
export function fieldsOf(schema, value, { resolve, changed }) {
  const field = part("", schema, value, { isRequired: true, resolve, changed });
  field.element.addEventListener("input", changed);
  return field;
}

const title = (name, hint) => make("span", {}, name, make("span", { className: "quiet" }, ` ${hint}`));

function part(name, schema, value, context) {
  const known = flat(schema, context.resolve);
  const choices = choicesOf(known, context.resolve);
  if (known.const !== undefined) {
    return constant(name, known);
  }
  if (choices.length > 1 && choices.every((one) => !known.properties || one.properties)) {
    return choice(name, known, choices, value, context);
  }
  const only = choices.length === 1 ? { ...known, oneOf: undefined, anyOf: undefined, ...choices[0] } : known;
  if (only.enum) {
    return selection(name, only.enum, value, context);
  }
  const type = mainType(only);
  if (only.properties && Object.keys(only.properties).length > 0) {
    return object(name, only, value, context);
  }
  if (type === "array" && only.items) {
    return list(name, only, value, context);
  }
  if (type === "boolean") {
    return selection(name, [true, false], value, context);
  }
  return ["string", "integer", "number"].includes(type) ? scalar(name, only, type, value, context) : json(name, value, context);
}

function hint({ isRequired }, ...words) {
  return [...words, !isRequired && "optional"].filter(Boolean).join(", ");
}

function constant(name, { const: only }) {
  return { element: make("label", {}, title(name, "always the same"), make("input", { value: String(only), readOnly: true })), read: () => only };
}

function selection(name, values, value, context) {
  const options = values.map((one, index) => make("option", { value: String(index) }, String(one)));
  const select = make("select", {}, ...(context.isRequired ? [] : [make("option", { value: "" }, "")]), ...options);
  const at = values.indexOf(value);
  select.value = at >= 0 ? String(at) : context.isRequired ? "0" : "";
  return { element: make("label", {}, title(name, hint(context)), select), read: () => (select.value === "" ? undefined : values[Number(select.value)]) };
}

function scalar(name, { minLength = 0, maxLength, minimum, maximum, format, description, type }, kind, value, context) {
  const isNumber = kind !== "string";
  const input = make("input", {
    type: isNumber ? "number" : "text",
    value: value === undefined || value === null ? "" : String(value),
    title: description,
    autocomplete: "off",
    spellcheck: false,
    maxLength: maxLength ?? undefined,
    min: minimum ?? undefined,
    max: maximum ?? undefined,
    step: kind === "number" ? "any" : undefined,
  });
  const mayBeNull = [type].flat().includes("null");
  const read = () => {
    if (input.value === "") {
      return context.isRequired ? (mayBeNull ? null : isNumber ? undefined : "") : undefined;
    }
    return isNumber ? Number(input.value) : input.value;
  };
  return { element: make("label", {}, title(name, hint(context, format ?? (isNumber ? kind : minLength > 0 || mayBeNull ? "text" : "text, may be empty"), mayBeNull && context.isRequired && "null if empty")), input), read };
}

/** Any JSON: what no field can be made for. Keeps the last value that was JSON. */
function json(name, value, context) {
  let last = value;
  const area = make("textarea", { rows: 3, spellcheck: false, value: value === undefined ? "" : JSON.stringify(value, null, 2) });
  area.addEventListener("input", () => {
    try {
      last = area.value.trim() === "" ? undefined : JSON.parse(area.value);
      area.setCustomValidity("");
    } catch (error) {
      area.setCustomValidity(`This is no JSON: ${error.message}`);
    }
  });
  return { element: make("label", {}, title(name || "data", hint(context, "JSON")), area), read: () => last };
}

function object(name, { properties, required = [], additionalProperties, type }, value, context) {
  const known = typeOf(value) === "object" ? value : {};
  // Properties that the schema does not know stay as they are.
  const others = additionalProperties === false ? {} : Object.fromEntries(Object.entries(known).filter(([key]) => !(key in properties)));
  const parts = Object.entries(properties).map(([key, schema]) => [key, part(key, schema, known[key], { ...context, isRequired: required.includes(key) })]);
  const read = () => ({ ...others, ...Object.fromEntries(parts.map(([key, { read }]) => [key, read()]).filter(([, one]) => one !== undefined)) });
  const body = make("div", { className: "fields" }, ...parts.map(([, { element }]) => element));
  if (!name) {
    return { element: body, read };
  }
  const mayBeAbsent = !context.isRequired || [type].flat().includes("null");
  const isThere = make("input", { type: "checkbox", checked: typeOf(value) === "object" });
  const show = () => (body.hidden = mayBeAbsent && !isThere.checked);
  isThere.addEventListener("change", show);
  show();
  const legend = mayBeAbsent ? make("legend", {}, make("label", { className: "check" }, isThere, title(name, hint(context)))) : make("legend", {}, title(name, ""));
  const absent = context.isRequired ? null : undefined;
  return { element: make("fieldset", {}, legend, body), read: () => (mayBeAbsent && !isThere.checked ? absent : read()) };
}

function list(name, { items, maxItems = Infinity }, value, context) {
  let parts = [];
  const rows = make("div", { className: "fields" });
  const add = (item) => {
    parts.push(part(`${name} ${parts.length + 1}`, items, item, { ...context, isRequired: true }));
    draw();
  };
  const more = make("button", { type: "button", className: "small" }, `Add to ${name}`);
  const fewer = make("button", { type: "button", className: "small" }, `Remove the last of ${name}`);
  function draw() {
    fill(rows, ...parts.map(({ element }) => element));
    more.disabled = parts.length >= maxItems;
    fewer.disabled = parts.length === 0;
  }
  more.addEventListener("click", () => {
    add(sampleOf(items, context.resolve));
    context.changed();
  });
  fewer.addEventListener("click", () => {
    parts = parts.slice(0, -1);
    draw();
    context.changed();
  });
  (Array.isArray(value) ? value : []).forEach(add);
  draw();
  const isLeftOut = () => parts.length === 0 && !context.isRequired;
  return { element: make("fieldset", {}, make("legend", {}, title(name, hint(context, "list"))), rows, make("div", { className: "row" }, more, fewer)), read: () => (isLeftOut() ? undefined : parts.map(({ read }) => read())) };
}

/** One of several schemas: that which the value fits best, until another is chosen. */
function choice(name, known, choices, value, context) {
  const whole = choices.map((one) => (known.properties ? { ...one, properties: { ...known.properties, ...one.properties }, required: [...(known.required ?? []), ...(one.required ?? [])] } : one));
  const faults = whole.map((one) => (value === undefined ? 0 : faultsIn(one, value, context.resolve).length));
  let at = faults.indexOf(Math.min(...faults));
  const select = make("select", {}, ...whole.map((one, index) => make("option", { value: String(index) }, labelOf(one, context.resolve, index))));
  select.value = String(at);
  const place = make("div", { className: "fields" });
  let field = null;
  const draw = (content) => {
    field = part(name, whole[at], content, context);
    fill(place, field.element);
  };
  select.addEventListener("change", () => {
    at = Number(select.value);
    draw(sampleOf(whole[at], context.resolve));
  });
  draw(value);
  const label = make("label", {}, title(name ? `kind of ${name}` : "kind", ""), select);
  return { element: make("div", { className: "fields" }, label, place), read: () => field.read() };
}

/** The name of one of several schemas: its title, or its constants. */
function labelOf({ title: own, properties = {}, type }, resolve, index) {
  const constants = Object.values(properties).map((one) => flat(one, resolve).const).filter((one) => one !== undefined);
  return own ?? (constants.length > 0 ? constants.join(", ") : (type ?? `kind ${index + 1}`));
}
