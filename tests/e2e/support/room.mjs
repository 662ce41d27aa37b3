// A reading room with someone in it.

import { listen } from "./listener.mjs";
import { newId, person } from "./people.mjs";

/** A new room, and a listener of someone who is in it and hears what happens there. */
export async function roomWithWitness(t) {
  const bookId = newId("book");
  const channel = `presence-room-${bookId}`;
  const witness = person("Witness");
  const listener = await listen(t, witness);
  await listener.subscribe(channel);
  await listener.next("room:user-joined", { userId: witness.userId });
  return { bookId, channel, listener };
}

/**
 * Lets a passer-by subscribe to the channel and leave it, and waits until `listener` hears of both. Pusher's earlier webhooks, and the
 * events that they caused, have arrived by then.
 */
export async function passage(t, channel, listener) {
  const passer = person("Passer-by");
  const client = await listen(t, passer);
  await client.subscribe(channel);
  await listener.next("room:user-joined", { userId: passer.userId });
  client.close();
  await listener.next("room:user-left", { userId: passer.userId });
}
