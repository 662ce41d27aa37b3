// The two documents of docs/, and a compiled validator for any schema inside them.

import { readFileSync } from "node:fs";

import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";

const escaped = (key) => key.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (key) => key.replaceAll("~1", "/").replaceAll("~0", "~");

/** A document of docs/, with what is needed to walk it. */
export class Document {
  #name;
  #ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, allowUnionTypes: true });

  constructor(name) {
    this.#name = name;
    this.root = parse(readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8"));
    addFormats(this.#ajv);
    // Ajv compiles the whole document before it finds a schema inside, and must not take its sections for misspelled keywords.
    this.#ajv.addVocabulary(Object.keys(this.root));
    this.#ajv.addSchema(this.root, name, false, false);
  }

  /** The keys that lead to the object at `keys`, after following a `$ref` there. */
  resolve(keys) {
    const ref = this.at(keys)?.$ref;
    return ref === undefined ? keys : this.resolve(ref.slice(2).split("/").map(unescaped));
  }

  /** The value at `keys`. */
  at(keys) {
    return keys.reduce((value, key) => value?.[key], this.root);
  }

  /** The faults of `value` by the schema at `keys`; empty without any. */
  faults(keys, value) {
    const ref = `${this.#name}#/${keys.map(escaped).map(encodeURIComponent).join("/")}`;
    const validate = this.#ajv.getSchema(ref);
    if (!validate) {
      throw new Error(`${this.#name} has no schema at ${keys.join(" > ")}`);
    }
    return validate(value) ? "" : `${this.#ajv.errorsText(validate.errors)}; it is ${JSON.stringify(value)}`;
  }
}
