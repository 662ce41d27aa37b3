// The stack's queues.

import { action } from "./aws.mjs";

const COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"];

/** How many messages a queue holds, whether they are due, taken or delayed. */
export async function messagesIn(queueUrl) {
  const { Attributes } = await action("sqs", "AmazonSQS.GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: COUNTS });
  return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}
