import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";

import type { NotificationNew } from "../generated/asyncapi.js";
import { type NotificationList, type NotificationListState, NOTHING_READ, notificationList } from "../notification-list.js";
import { useCarillon } from "./context.js";
import { useLatest } from "./latest.js";
import { useChannel } from "./use-channel.js";

export interface UseNotificationsOptions {
  /** Notifications per page, 1 to 100; by default 20. */
  limit?: number | undefined;
  /** Called for each notification that comes while the component is mounted. It may be written inline. */
  onNew?: ((notification: NotificationNew) => void) | undefined;
}

export interface NotificationsState extends NotificationListState, Pick<NotificationList, "loadMore" | "markRead" | "markAllRead"> {
  /** Whether new notifications arrive at once. */
  isLive: boolean;
  /** Whether the list is read every ten seconds, because nothing arrives. */
  isPolling: boolean;
  /** Reads the newest page. A failure is in `error`. */
  refresh: () => Promise<void>;
}

/**
 * The signed-in user's notifications: pages, unread count and read marks, those of other tabs and devices too, and each new one as it
 * comes.
 */
export function useNotifications({ limit, onNew }: UseNotificationsOptions = {}): NotificationsState {
  const { api, userId } = useCarillon();
  // Another user has another list.
  const list = useMemo(() => (userId === null ? null : notificationList(api, { limit })), [api, userId, limit]);
  const state = useSyncExternalStore(
    useCallback((changed: () => void) => list?.subscribe(changed) ?? (() => {}), [list]),
    () => list?.state() ?? NOTHING_READ,
    () => NOTHING_READ,
  );
  const latest = useLatest(onNew);
  const refresh = useCallback(async () => {
    // The failure is in the list's state.
    await list?.refresh().catch(() => {});
  }, [list]);

  const { isSubscribed, isPolling } = useChannel(
    userId === null ? null : `private-user-${userId}`,
    {
      "notification:new": (notification) => {
        latest.current?.(notification);
        void refresh();
      },
      "notification:read": (read) => list?.heardRead(read),
    },
    { poll: async (signal) => list?.refresh(signal) },
  );

  useEffect(() => {
    void refresh();
    const onVisible = () => {
      if (document.visibilityState === "visible") {
        void refresh();
      }
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [refresh]);

  return useMemo(
    () => ({
      ...state,
      isLive: isSubscribed,
      isPolling,
      refresh,
      loadMore: async () => list?.loadMore(),
      markRead: async (notificationId: string) => list?.markRead(notificationId),
      markAllRead: async () => (await list?.markAllRead()) ?? false,
    }),
    [state, isSubscribed, isPolling, refresh, list],
  );
}
