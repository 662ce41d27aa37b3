import type { CarillonPusher, Subscribed } from "./typed.js";

const held = new WeakMap<object, Map<string, number>>();

/** Subscribes to a channel, and counts its holders: in pusher-js, one `unsubscribe` ends the subscription of all. */
export function hold<Name extends string>(pusher: CarillonPusher, name: Name): Subscribed<Name> {
  const names = held.get(pusher) ?? new Map<string, number>();
  held.set(pusher, names);
  names.set(name, (names.get(name) ?? 0) + 1);
  return pusher.subscribe(name);
}

/** Undoes one `hold`; the last one unsubscribes. */
export function release(pusher: CarillonPusher, name: string): void {
  const names = held.get(pusher);
  const left = (names?.get(name) ?? 0) - 1;
  if (left > 0) {
    names?.set(name, left);
    return;
  }
  names?.delete(name);
  pusher.unsubscribe(name);
}
