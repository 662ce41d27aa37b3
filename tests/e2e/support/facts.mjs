// The stack's event bus, as another system of the operator's hears it: a rule with a queue as its target.

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

/** Hears the facts from now on; each is held against docs/asyncapi.yaml. */
export async function hearFacts(t) {
  const name = newId("facts");
  const { QueueUrl } = await sqs("CreateQueue", { QueueName: name });
  cleanUp(t, () => sqs("DeleteQueue", { QueueUrl }));
  const { Attributes } = await sqs("GetQueueAttributes", { QueueUrl, AttributeNames: ["QueueArn"] });
  await events("PutRule", { Name: name, EventPattern: JSON.stringify({ source: ["carillon"] }) });
  cleanUp(t, async () => {
    await events("RemoveTargets", { Rule: name, Ids: ["queue"] });
    await events("DeleteRule", { Name: name });
  });
  await events("PutTargets", { Rule: name, Targets: [{ Id: "queue", Arn: Attributes.QueueArn }] });
  const heard = [];
  const take = async () => {
    const { Messages = [] } = await sqs("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
    for (const { Body, ReceiptHandle } of Messages) {
      const { "detail-type": type, source, detail } = JSON.parse(Body);
      checkEvent(BUS, type, detail);
      noteEvent(BUS, type);
      heard.push({ type, source, ...detail });
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
  };
}
