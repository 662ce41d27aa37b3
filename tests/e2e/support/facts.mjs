// The stack's event bus, as another system of the operator's hears it: a rule with a queue as its target.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { checkEvent } from "./asyncapi.mjs";
import { action } from "./aws.mjs";
import { cleanUp } from "./cleanup.mjs";
import { noteEvent } from "./coverage.mjs";
import { newId } from "./people.mjs";
import { stack } from "./stack.mjs";
import { until } from "./wait.mjs";

// The address in docs/asyncapi.yaml.
const BUS = "carillon-{stage}";

const sqs = (name, input) => action("sqs", `AmazonSQS.${name}`, input);
const events = (name, input) => action("events", `AWSEvents.${name}`, { EventBusName: stack.eventBusName, ...input });

/** A queue that gets the facts from now on, or those of these types; resolves to its address. */
export async function queueOfFacts(t, types) {
  const name = newId("facts");
  const { QueueUrl } = await sqs("CreateQueue", { QueueName: name });
  cleanUp(t, () => sqs("DeleteQueue", { QueueUrl }));
  const { Attributes } = await sqs("GetQueueAttributes", { QueueUrl, AttributeNames: ["QueueArn"] });
  const pattern = { source: ["carillon"], ...(types && { "detail-type": types }) };
  await events("PutRule", { Name: name, EventPattern: JSON.stringify(pattern) });
  cleanUp(t, async () => {
    await events("RemoveTargets", { Rule: name, Ids: ["queue"] });
    await events("DeleteRule", { Name: name });
  });
  await events("PutTargets", { Rule: name, Targets: [{ Id: "queue", Arn: Attributes.QueueArn }] });
  return QueueUrl;
}

/** Hears the facts from now on; each is held against docs/asyncapi.yaml. */
export async function hearFacts(t) {
  const QueueUrl = await queueOfFacts(t);
  const heard = [];
  const all = [];
  const take = async () => {
    const { Messages = [] } = await sqs("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
    for (const { Body, ReceiptHandle } of Messages) {
      const event = JSON.parse(Body);
      const { "detail-type": type, source, detail } = event;
      checkEvent(BUS, type, detail);
      noteEvent(BUS, type);
      heard.push({ type, source, ...detail });
      all.push(event);
      await sqs("DeleteMessage", { QueueUrl, ReceiptHandle });
    }
  };
  const find = (type, fields) => heard.filter((fact) => fact.type === type && Object.entries(fields).every(([key, value]) => fact[key] === value));
  return {
    /** The first fact of this type with these fields; resolves to its fields. */
    next: (type, fields = {}) =>
      until(`the fact ${type} with ${JSON.stringify(fields)}`, async () => {
        await take();
        return find(type, fields)[0];
      }),
    /** All that were heard so far. */
    all: find,
    /** The events as EventBridge gave them, of facts that name one of these. */
    events: (...ids) => all.filter(({ detail }) => ids.some((id) => JSON.stringify(detail).includes(`"${id}"`))),
  };
}

/** The lines of `cargo local listen --facts --json` from now on, which are events as the scripts of the way back take them. */
export async function printedFacts(t) {
  const listener = spawn(process.env.CARILLON_LOCAL, ["listen", "--facts", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  cleanUp(t, () => listener.kill("SIGINT"));
  const printed = [];
  createInterface({ input: listener.stdout }).on("line", (line) => printed.push(JSON.parse(line)));
  // It says how to end it once it listens.
  await once(listener.stderr, "data");
  return {
    /** As many as `events`, about the same things. */
    like: (events, ...ids) =>
      until(`${events.length} printed facts`, () => {
        const about = printed.filter(({ detail }) => ids.some((id) => JSON.stringify(detail).includes(`"${id}"`)));
        return about.length >= events.length && about;
      }),
  };
}
