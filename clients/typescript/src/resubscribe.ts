import type { Channel } from "pusher-js";

import { backoff } from "./backoff.js";
import type { CarillonChannel, CarillonPusher, Pusher } from "./typed.js";

const FIRST_DELAY_MS = 1_000;

/** Whether a request with this status may succeed in a moment. Without a response, the status is 0 or absent. */
export const mayPass = (status: number | undefined) => !status || status === 408 || status === 429 || status >= 500;

type AnyChannel = Pick<CarillonChannel | Channel, "name" | "subscribed" | "subscriptionPending" | "subscribe" | "bind" | "unbind">;
type AnyPusher = Pick<CarillonPusher | Pusher, "connection"> & { channel(name: string): unknown };

/** Subscribes again to a channel that is neither subscribed nor cancelled. Without a connection, pusher-js subscribes on the next one. */
export function subscribeAgain(pusher: AnyPusher, channel: AnyChannel): void {
  const isWanted = pusher.channel(channel.name) === channel && pusher.connection.state === "connected";
  if (isWanted && !channel.subscribed && !channel.subscriptionPending) {
    channel.subscribe();
  }
}

/**
 * Subscribes again after an authorization that failed with 408, 429, 5xx or without a response: after a second, then with growing
 * delays up to a minute. pusher-js asks once per connection, so after one failed request a page is connected but gets no events. A
 * refusal, such as 403, is final.
 *
 * For a pusher-js client of your own; `connect` does it for each of its channels. Returns a function that ends this.
 */
export function keepSubscribed(pusher: AnyPusher, channel: AnyChannel): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  const onError = (error: unknown) => {
    if (mayPass((error as { status?: number } | undefined)?.status)) {
      failures += 1;
      clearTimeout(timer);
      timer = setTimeout(() => subscribeAgain(pusher, channel), backoff(FIRST_DELAY_MS, failures));
    }
  };
  const onSucceeded = () => {
    failures = 0;
    clearTimeout(timer);
  };
  const events = channel as Pick<Channel, "bind" | "unbind">;
  events.bind("pusher:subscription_error", onError);
  events.bind("pusher:subscription_succeeded", onSucceeded);
  return () => {
    clearTimeout(timer);
    events.unbind("pusher:subscription_error", onError);
    events.unbind("pusher:subscription_succeeded", onSucceeded);
  };
}
