/** The texts of an inbox. Give your own as `strings`, all of them or some. */
export interface InboxStrings {
  title: string;
  /** The label of the bell. */
  bell: (unreadCount: number) => string;
  /** Announced by screen readers when a notification comes. */
  arrived: (message: string) => string;
  readAll: string;
  /** Announced after all were marked as read. */
  allRead: string;
  /** Before an unread notification, for screen readers. */
  unread: string;
  loading: string;
  empty: string;
  emptyHint: string;
  failed: string;
  retry: string;
  loadMore: string;
  loadingMore: string;
  /** Shown while new notifications do not arrive at once. */
  offline: string;
  close: string;
}

export const ENGLISH: InboxStrings = {
  title: "Notifications",
  bell: (unreadCount) => (unreadCount === 0 ? "Notifications" : `Notifications, ${unreadCount} unread`),
  arrived: (message) => `New notification: ${message}`,
  readAll: "Mark all as read",
  allRead: "All notifications are read",
  unread: "Unread",
  loading: "Loading notifications…",
  empty: "You are all caught up",
  emptyHint: "New notifications appear here as they come.",
  failed: "The notifications could not be loaded.",
  retry: "Try again",
  loadMore: "Show older",
  loadingMore: "Loading…",
  offline: "Reconnecting. New notifications may take a moment.",
  close: "Close",
};
