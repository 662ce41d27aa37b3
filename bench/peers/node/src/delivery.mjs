import { batchGet, clear, trigger } from "./clients.mjs";

export async function handler(event) {
  const owing = new Map();
  for (const { dynamodb: change } of event.Records) {
    const id = `${change.Keys.pk.S} ${change.Keys.sk.S}`;
    owing.delete(id);
    if (change.NewImage?.outbox) owing.set(id, change.Keys);
  }
  const rows = await batchGet([...owing.values()], true);
  const due = rows.filter((row) => row.outbox && Date.now() - JSON.parse(row.outbox.S).at >= 2000);
  const owed = due.flatMap((row) => JSON.parse(row.outbox.S).owed);
  await trigger(owed.map(({ channel, name, data }) => ({ channel, name, data })));
  await Promise.all(due.map((row) => clear(row, row.outbox.S)));
  return { batchItemFailures: [] };
}
