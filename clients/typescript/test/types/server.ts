// The types must refuse the lines with an expected error, and accept all others.

import { createBackend, signToken, verifyFact, verifyWebhook } from "carillon/server";

const backend = createBackend({ apiUrl: "http://localhost:3000", key: { secret: "s" }, app: { appId: "1", key: "k", secret: "s" } });

export async function notified() {
  const { notificationId } = await backend.notify({ userId: "ada", type: "MESSAGE", data: { senderName: "Ben" } });
  notificationId.trim();
  const { results } = await backend.notify({ userIds: ["ada"], type: "OWN", title: "t", body: "b" });
  results[0]?.status.trim();
  // @ts-expect-error: a type of your own needs a title and a body
  await backend.notify({ userId: "ada", type: "OWN" });
  // @ts-expect-error: nobody is notified
  await backend.notify({ type: "SYSTEM" });
  // @ts-expect-error: a signature needs a secret or a private key
  await signToken({ sub: "ada" }, {});
  await signToken({ sub: "ada" }, { privateKey: "-----BEGIN PRIVATE KEY-----", keyId: "k" });
  const fact = await verifyFact({ headers: {}, body: "" }, "key");
  if (fact["detail-type"] === "member.joined") {
    fact.detail.partyId.trim();
  }
  // @ts-expect-error: not every fact is about a party
  fact.detail.partyId;
  const { events } = await verifyWebhook({ headers: {}, body: "" }, { key: "k", secret: "s" });
  for (const event of events) {
    if (event.name === "member_added") {
      event.user_id.trim();
    }
    // @ts-expect-error: not every event has a user
    event.user_id;
  }
}
