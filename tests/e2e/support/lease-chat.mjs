// A lease, its two people, what they do in its chat, and the e-mails to them.

import { expecting } from "./api.mjs";
import { aws } from "./aws.mjs";
import { newId, person, service } from "./people.mjs";
import { until } from "./wait.mjs";

/** A lease that no other test has, with a client and a notary who can be reached by e-mail. */
export async function newLease() {
  const bailId = newId("bail");
  const [client, notary] = ["Ada", "Maître Durand"].map((name) => ({ ...person(name), email: `${newId("mail").slice(0, 20)}@example.com` }));
  const lease = { bailId, client, notary, channel: `presence-bail-${bailId}` };
  await putLease(lease);
  return lease;
}

export function putLease({ bailId, client, notary }, more = {}) {
  const json = { clientId: client.userId, notaryId: notary.userId, clientEmail: client.email, notaryEmail: notary.email };
  return expecting(200, "PUT", `/leases/${bailId}`, { as: service(), json: { ...json, title: "12 rue des Lilas", ...more } });
}

/** The address of a route of the lease, such as "messages". */
export const leasePath = ({ bailId }, route) => `/leases/${bailId}/${route}`;

/** A person writes; resolves to the message. */
export const writes = async (as, lease, content) =>
  (await expecting(201, "POST", leasePath(lease, "messages"), { as, json: { content } })).message;

/** The e-mails to somebody, oldest first, as ministack keeps them. */
export async function mailsTo({ email }) {
  const { body: kept } = await aws("ses", "/_ministack/ses/messages", { method: "GET" });
  const found = [];
  const walk = (value) => {
    if (value?.MessageId && value.To) {
      found.push(value);
    } else if (value && typeof value === "object") {
      Object.values(value).forEach(walk);
    }
  };
  walk(kept);
  return found.filter(({ To }) => To.includes(email)).toSorted((one, other) => one.Timestamp - other.Timestamp);
}

/** Waits until somebody has so many e-mails; resolves to them. */
export async function mailed(to, count) {
  await until(`${count} e-mails`, async () => (await mailsTo(to)).length >= count);
  return mailsTo(to);
}
