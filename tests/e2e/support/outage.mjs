// The end of an outage of Pusher, as a client should live it: subscribed before anything that waited is sent.

import { setTimeout as pause } from "node:timers/promises";

import { holdDeliveries } from "./functions.mjs";
import { startPusher } from "./processes.mjs";

/** A function that has answered tries to deliver for two seconds, and leaves the rest to `Delivery`. */
const WRITERS_GIVE_UP_MS = 3_000;

/** Starts the Pusher server. A client hears only what is sent while it is subscribed, so deliveries wait until `listener` is. */
export async function bringPusherBack(listener) {
  const release = await holdDeliveries();
  try {
    await pause(WRITERS_GIVE_UP_MS);
    await startPusher();
    await listener.reconnect();
  } finally {
    await release();
  }
}
