// EventBridge, as another back end uses it.

import assert from "node:assert/strict";

import { checkEvent } from "./asyncapi.mjs";
import { action } from "./aws.mjs";
import { noteEvent } from "./coverage.mjs";

/** Puts an event on the default bus; it is held against docs/asyncapi.yaml. */
export async function putEvent(name, detail, { source = "tests" } = {}) {
  checkEvent("default", name, detail);
  const entry = { Source: source, DetailType: name, Detail: JSON.stringify(detail), EventBusName: "default" };
  const { FailedEntryCount } = await action("events", "AWSEvents.PutEvents", { Entries: [entry] });
  assert.equal(FailedEntryCount, 0);
  noteEvent("default", name);
}
