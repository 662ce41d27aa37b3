import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

import type { EventsOn, MemberOn } from "../events.js";
import { hold, release } from "../shared-channels.js";
import { keepInSync, type SyncOptions } from "../sync.js";
import type { CarillonPresenceChannel, CarillonPusher, Subscribed } from "../typed.js";
import { useCarillon } from "./context.js";
import { useLatest } from "./latest.js";

/** What to do when an event comes, by its name. May be written inline: new callbacks do not subscribe again. */
export type Handlers<Name extends string> = { [Event in keyof EventsOn<Name>]?: (data: EventsOn<Name>[Event]) => void } & {
  // What clients send to each other, nobody has described.
  [Event in `client-${string}`]?: (data: any) => void;
};

/** What to do while Pusher is gone; see {@link SyncOptions}. */
export type PollOptions = Partial<Pick<SyncOptions, "poll" | "everyMs" | "graceMs" | "settleMs">>;

export interface ChannelState<Name extends string> {
  /** Null before the first effect has run, and while there is no connection or no name. */
  channel: Subscribed<Name> | null;
  /** Whether events arrive by themselves now. */
  isSubscribed: boolean;
  /** Whether the state is read at intervals, as Pusher is gone. */
  isPolling: boolean;
  /** Why the subscription was refused, or the last read failed. */
  error: Error | null;
  /** Who is subscribed to a presence channel, the user too; empty on any other channel. */
  members: MemberOn<Name>[];
}

/**
 * Subscribes to a channel while the component lives; null for none. Components that name the same channel share one subscription.
 */
export function useChannel<Name extends string>(
  name: Name | null | undefined,
  handlers: Handlers<Name> = {},
  polling: PollOptions = {},
): ChannelState<Name> {
  const { pusher } = useCarillon();
  const [channel, setChannel] = useState<Subscribed<Name> | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [members, setMembers] = useState<MemberOn<Name>[]>([]);
  const latest = useLatest(handlers as Record<string, ((data: unknown) => void) | undefined>);

  useEffect(() => {
    if (pusher === null || name == null) {
      return undefined;
    }
    const held = hold(pusher, name);
    const listMembers = () => {
      const listed: MemberOn<Name>[] = [];
      (held as CarillonPresenceChannel<Name>).members.each((member) => listed.push(member));
      setMembers(listed);
    };
    const onEvent = (event: string, data: unknown) => {
      if (event === "pusher:subscription_succeeded") {
        setError(null);
      } else if (event === "pusher:subscription_error") {
        setError(new Error((data as { error: string }).error));
      }
      if (MEMBERS_CHANGED.has(event) && "members" in held) {
        listMembers();
      }
      latest.current[event]?.(data);
    };
    held.bind_global(onEvent);
    if ("members" in held && held.subscribed) {
      // Somebody else holds it, so nobody will tell.
      listMembers();
    }
    setChannel(held);
    return () => {
      held.unbind_global(onEvent);
      release(pusher, name);
      setChannel(null);
      setError(null);
      setMembers([]);
    };
  }, [pusher, name, latest]);

  const isSubscribed = useIsSubscribed(pusher, channel);
  const { isPolling, error: pollError } = useSync(pusher, channel, polling);
  return { channel, isSubscribed, isPolling, error: error ?? pollError, members };
}

const MEMBERS_CHANGED = new Set(["pusher:subscription_succeeded", "pusher:member_added", "pusher:member_removed"]);

function useIsSubscribed<Name extends string>(pusher: CarillonPusher | null, channel: Subscribed<Name> | null): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      pusher?.connection.bind("state_change", changed);
      channel?.bind_global(changed);
      return () => {
        pusher?.connection.unbind("state_change", changed);
        channel?.unbind_global(changed);
      };
    },
    [pusher, channel],
  );
  // pusher-js says that the connection is gone before it says so of its channels.
  const now = () => pusher?.connection.state === "connected" && channel?.subscribed === true;
  return useSyncExternalStore(subscribe, now, () => false);
}

function useSync<Name extends string>(
  pusher: CarillonPusher | null,
  channel: Subscribed<Name> | null,
  { poll, everyMs, graceMs, settleMs }: PollOptions,
): { isPolling: boolean; error: Error | null } {
  const [isPolling, setIsPolling] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const latest = useLatest(poll);
  const polls = poll !== undefined;

  useEffect(() => {
    if (!polls || pusher === null || channel === null) {
      return undefined;
    }
    const stop = keepInSync(pusher, channel, {
      poll: async (signal) => {
        await latest.current?.(signal);
        setError(null);
      },
      everyMs,
      graceMs,
      settleMs,
      onPolling: setIsPolling,
      onError: (failed) => setError(failed instanceof Error ? failed : new Error(String(failed))),
    });
    return () => {
      stop();
      setError(null);
    };
  }, [polls, pusher, channel, everyMs, graceMs, settleMs, latest]);

  return { isPolling, error };
}
