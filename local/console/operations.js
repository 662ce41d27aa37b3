// Every operation of the API as a form, sent as the chosen person.

import { $, copyButton, fill, make } from "/console/dom.js";
import { operations, resolved } from "/console/contract.js";
import { fieldsOf } from "/console/fields.js";
import { curl, duration, pretty } from "/console/format.js";
import { me, session } from "/console/identity.js";

const all = await operations();
let chosen = null;

function draw() {
  const words = $("find-operation").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = ({ id, method, path, summary, tag }) => `${id} ${method} ${path} ${summary} ${tag}`.toLowerCase();
  const found = all.filter((operation) => words.every((word) => text(operation).includes(word)));
  const groups = Object.entries(Object.groupBy(found, ({ tag }) => tag));
  fill(
    $("operation-list"),
    ...groups.map(([tag, members]) => make("div", { className: "group" }, make("h3", {}, tag), make("ul", {}, ...members.map(link)))),
    found.length === 0 && make("p", { className: "empty" }, "No operation matches."),
  );
}

function link(operation) {
  const button = make(
    "button",
    { type: "button", className: "operation-link", "aria-current": chosen === operation && "true", title: `${operation.method} ${operation.path}`, onclick: () => open(operation) },
    make("span", { className: "method", "data-method": operation.method }, operation.method),
    make("span", {}, operation.summary),
  );
  return make("li", {}, button);
}

function open(operation) {
  chosen = operation;
  draw();
  const { method, path, summary, description, parameters, body, id } = operation;
  const fields = parameters.filter(({ where }) => where !== "cookie").map(field);
  const answer = make("div", { className: "answer", role: "status", "aria-label": "Answer" });
  const form = make(
    "form",
    { "aria-label": id },
    ...fields.map(({ label }) => label),
    ...(body ? bodyOf(body) : []),
    make("div", { className: "row" }, make("button", { className: "primary" }, "Send"), copyButton("Copy as curl", () => curl(request(operation, form, fields)))),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(request(operation, form, fields), answer);
  });
  fill(
    $("operation"),
    make("h2", {}, summary),
    make("p", { className: "address" }, make("span", { className: "method", "data-method": method }, method), make("code", {}, path)),
    description && make("details", {}, make("summary", {}, "What it does"), make("p", { className: "prose" }, description)),
    form,
    answer,
  );
}

/** Ids of the demo, so that a form works as it is. */
const OTHER = () => session.people.find(({ userId }) => userId !== me()?.userId).userId;
const KNOWN = { ...session.examples, userId: OTHER, receiverId: OTHER };
const known = (name) => (typeof KNOWN[name] === "function" ? KNOWN[name]() : KNOWN[name]);

/** An example with the demo's ids in it. */
const ofDemo = (value) =>
  value && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, typeof part === "string" ? (known(name) ?? part) : part]))
    : value;

function field({ name, where, required, description, example, options }) {
  const value = required ? String(known(name) ?? example ?? "") : "";
  const names = { name, required, title: description ?? "", autocomplete: "off", "data-where": where, spellcheck: false };
  const input = options
    ? make("select", names, ...(required ? [] : [make("option", { value: "" }, "")]), ...options.map((option) => make("option", { value: option }, String(option))))
    : make("input", { ...names, value, placeholder: required ? "" : String(example ?? "") });
  return { input, where, name, label: make("label", {}, make("span", {}, name, make("span", { className: "quiet" }, ` ${where}${required ? "" : ", optional"}`)), input) };
}

/** The body field by field, made once it is wanted. A change of a field is a change of the text, and the other way round. */
function fieldByField(schema, area) {
  const place = make("div", { className: "fields" });
  const draw = () => {
    try {
      const field = fieldsOf(schema, JSON.parse(area.value || "{}"), { resolve: resolved, changed: () => (area.value = JSON.stringify(field.read(), null, 2)) });
      fill(place, field.element);
    } catch {
      fill(place, make("p", { className: "complaint" }, "The body is no JSON."));
    }
  };
  const shown = make("details", {}, make("summary", {}, "Field by field"), place);
  shown.addEventListener("toggle", () => (shown.open ? draw() : fill(place)));
  area.addEventListener("input", () => shown.open && draw());
  return { shown, draw: () => shown.open && draw() };
}

function bodyOf({ type, examples, schema }) {
  const text = (value) => (type.includes("json") ? JSON.stringify(ofDemo(value), null, 2) : new URLSearchParams(value ?? {}).toString());
  const area = make("textarea", { name: "body", rows: 9, spellcheck: false, value: text(examples[0][1]), "aria-label": "Body" });
  const choice = make("select", { "aria-label": "Example" }, ...examples.map(([name], index) => make("option", { value: index }, name)));
  const fields = type.includes("json") && schema && fieldByField(schema, area);
  choice.addEventListener("change", () => {
    area.value = text(examples[Number(choice.value)][1]);
    fields?.draw?.();
  });
  const title = make("span", {}, "body", make("span", { className: "quiet" }, ` ${type}`));
  return [make("label", {}, title, area), examples.length > 1 && make("label", {}, "example", choice), fields && fields.shown].filter(Boolean);
}

/** The request that the form describes. */
function request({ method, path, needsToken, body }, form, fields) {
  const headers = {};
  const query = new URLSearchParams();
  let filled = path;
  for (const { input, where, name } of fields) {
    if (where === "path") {
      filled = filled.replace(`{${name}}`, encodeURIComponent(input.value));
    } else if (input.value !== "" && where === "query") {
      query.set(name, input.value);
    } else if (input.value !== "" && where === "header") {
      headers[name.toLowerCase()] = input.value;
    }
  }
  if (needsToken && me()) {
    headers.authorization = `Bearer ${me().token}`;
  }
  const text = body ? form.elements.body.value : undefined;
  if (text) {
    headers["content-type"] = body.type;
  }
  const search = query.size > 0 ? `?${query}` : "";
  return { method, url: `${location.origin}${filled}${search}`, headers, body: text || undefined };
}

async function send({ method, url, headers, body }, shown) {
  const begun = performance.now();
  try {
    const answer = await fetch(url, { method, headers, body });
    const text = await answer.text();
    const took = performance.now() - begun;
    const kind = answer.ok ? "good" : "bad";
    const id = answer.headers.get("x-request-id");
    fill(
      shown,
      make("p", { className: "row" }, make("span", { className: `badge ${kind}` }, `${answer.status} ${answer.statusText}`.trim()), make("span", { className: "quiet" }, duration(took)), id && make("a", { href: `#events?request=${encodeURIComponent(id)}` }, "What happened")),
      make("details", {}, make("summary", {}, "Headers"), make("pre", { tabIndex: 0 }, [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n"))),
      make("pre", { tabIndex: 0, "aria-label": "Body of the answer" }, text === "" ? "(no body)" : pretty(text)),
    );
  } catch (error) {
    fill(shown, make("p", { className: "complaint" }, `No answer: ${error.message}`));
  }
}

$("find-operation").addEventListener("input", draw);
open(all.find(({ id }) => id === "createKudos") ?? all[0]);
