// The stack's queues.

import { action } from "./aws.mjs";

const COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"];

/** How many messages a queue holds, whether they are due, taken or delayed. */
export async function messagesIn(queueUrl) {
  const { Attributes } = await action("sqs", "AmazonSQS.GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: COUNTS });
  return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

/** Takes the messages that mention this text off a queue; resolves to their bodies. */
export async function take(queueUrl, text) {
  const input = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, WaitTimeSeconds: 0 };
  const { Messages = [] } = await action("sqs", "AmazonSQS.ReceiveMessage", input);
  const found = Messages.filter(({ Body }) => Body.includes(text));
  for (const { ReceiptHandle } of found) {
    await action("sqs", "AmazonSQS.DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle });
  }
  return found.map(({ Body }) => JSON.parse(Body));
}
