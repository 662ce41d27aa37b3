// An outage of what serves channels, in both modes: of the Pusher server, or of API Gateway's posts to connections.

import { withFaults } from "./faults.mjs";
import { holdDeliveries, throttle } from "./functions.mjs";
import { cutSockets, freezePusher, killPusher, startPusher } from "./processes.mjs";
import { isGateway } from "./stack.mjs";
import { writersHaveGivenUp } from "./table.mjs";

/** How long a post hangs: nearly as long as a function waits for one. */
const HELD_MS = 900;

/** Lets no event reach a subscriber until {@link bringPusherBack}, or else the end of the test `t`. */
export const stopPusher = (t) => (isGateway ? withFaults(t, { posts: { refused: 1 } }) : killPusher(t));

/**
 * Lets each event hang on its way until {@link replacePusher}, or else the end of the test `t`. In gateway mode API Gateway refuses it in
 * the end; the Pusher server loses it with its end.
 */
export const hangPusher = (t) => (isGateway ? withFaults(t, { posts: { refused: 1, heldMs: HELD_MS } }) : freezePusher(t));

/** The same, but API Gateway posts in the end; in gateway mode alone. */
export const delayPosts = (t) => withFaults(t, { posts: { heldMs: HELD_MS } });

/** Ends {@link hangPusher}: what hangs does not arrive. `listener` is subscribed again. */
export async function replacePusher(t, listener) {
  if (isGateway) {
    await withFaults(t, {});
  } else {
    await killPusher(t);
    await startPusher();
    await listener.reconnect();
  }
}

/** Ends {@link stopPusher}. A client hears only what is sent while it is subscribed, so deliveries wait until `listener` is. */
export async function bringPusherBack(t, listener) {
  const release = await holdDeliveries(t);
  await writersHaveGivenUp();
  if (isGateway) {
    await withFaults(t, {});
  } else {
    await startPusher();
    await listener.reconnect();
  }
  await release();
}

/** Ends the connections of all clients, and lets none connect; resolves to a function that lets them, as the end of the test `t` does. */
export async function cutClientsOff(t) {
  if (!isGateway) {
    await killPusher(t);
    return startPusher;
  }
  const release = await throttle(t, "SocketConnect");
  cutSockets();
  return release;
}
