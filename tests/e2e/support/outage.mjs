// The end of an outage of Pusher, as a client should live it: subscribed before anything that waited is sent.

import { holdDeliveries } from "./functions.mjs";
import { startPusher } from "./processes.mjs";
import { writersHaveGivenUp } from "./table.mjs";

/** Starts the Pusher server. A client hears only what is sent while it is subscribed, so deliveries wait until `listener` is. */
export async function bringPusherBack(t, listener) {
  const release = await holdDeliveries(t);
  await writersHaveGivenUp();
  await startPusher();
  await listener.reconnect();
  await release();
}
