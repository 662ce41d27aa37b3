import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

import type { EventsOn, MemberOn } from "../events.js";
import { hold, release } from "../shared-channels.js";
import { keepInSync, type SyncOptions } from "../sync.js";
import type { CarillonPresenceChannel, CarillonPusher, Subscribed } from "../typed.js";
import { useCarillon } from "./context.js";
import { useLatest } from "./latest.js";

/** Callbacks by the event's name. They may be written inline: new callbacks do not subscribe again. */
export type Handlers<Name extends string> = { [Event in keyof EventsOn<Name>]?: (data: EventsOn<Name>[Event]) => void } & {
  // Payloads of client events have no description.
  [Event in `client-${string}`]?: (data: any) => void;
};

/** How to read the state while Pusher cannot be reached; see {@link SyncOptions}. */
export type PollOptions = Partial<Pick<SyncOptions, "poll" | "everyMs" | "graceMs" | "settleMs">>;

export interface ChannelState<Name extends string> {
  /** Null before the first effect has run, and without a connection or a name. */
  channel: Subscribed<Name> | null;
  /** Whether events arrive over the channel now. */
  isSubscribed: boolean;
  /** Whether the state is read at intervals, because Pusher cannot be reached. */
  isPolling: boolean;
  /** Why the subscription was refused, or the last read failed. */
  error: Error | null;
  /** The members of a presence channel, including the user; empty on any other channel. */
  members: MemberOn<Name>[];
}

/**
 * Subscribes to a channel while the component is mounted; null subscribes to none. Components that name the same channel share one subscription.
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
      // Another component has subscribed, so pusher-js will not emit the event again.
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
  // pusher-js reports the end of the connection before that of its channels.
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
