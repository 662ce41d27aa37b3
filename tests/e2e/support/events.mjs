// EventBridge, as another back end uses it.

import assert from "node:assert/strict";

import { checkEvent } from "./asyncapi.mjs";
import { action } from "./aws.mjs";
import { noteEvent } from "./coverage.mjs";
import { stack } from "./stack.mjs";

// The address in docs/asyncapi.yaml.
const BUS = "carillon-{stage}";

/** Puts an event on the stack's bus, or on another; it is held against docs/asyncapi.yaml. */
export async function putEvent(name, detail, { source = "tests", bus = stack.eventBusName } = {}) {
  checkEvent(BUS, name, detail);
  const entry = { Source: source, DetailType: name, Detail: JSON.stringify(detail), EventBusName: bus };
  const { FailedEntryCount } = await action("events", "AWSEvents.PutEvents", { Entries: [entry] });
  assert.equal(FailedEntryCount, 0);
  noteEvent(BUS, name);
}
