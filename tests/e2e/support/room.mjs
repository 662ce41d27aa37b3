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
