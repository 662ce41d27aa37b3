import type { MemberOn } from "../events.js";
import { useChannel } from "./use-channel.js";

export interface PresenceState<Name extends string> {
  /** Everybody who is there, including the user. */
  members: MemberOn<Name>[];
  /** The user's own entry; null until the subscription has succeeded. */
  me: MemberOn<Name> | null;
  isSubscribed: boolean;
  /** Why the subscription was refused. */
  error: Error | null;
}

/** The members of a presence channel while the component is mounted; null subscribes to none. */
export function usePresence<Name extends `presence-${string}`>(name: Name | null | undefined): PresenceState<Name> {
  const { channel, members, isSubscribed, error } = useChannel<Name>(name);
  const me = isSubscribed ? (channel as { members: { me: MemberOn<Name> | null } } | null)?.members.me : null;
  return { members, me: me ?? null, isSubscribed, error };
}
