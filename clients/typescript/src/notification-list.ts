import type { Api } from "./api.js";
import { backoff } from "./backoff.js";
import type { NotificationRead } from "./generated/asyncapi.js";
import type { components } from "./generated/openapi.js";
import { RefusedError } from "./refused.js";
import { mayPass } from "./resubscribe.js";

/** Attempts before the page shows the failure. */
const TRIES = 4;
const FIRST_DELAY_MS = 500;
const PAGE = 20;

/** A stored notification. */
export type Notification = components["schemas"]["Notification"];

/** The notifications of a user, as far as they are read. */
export interface NotificationListState {
  /** Newest first. */
  notifications: readonly Notification[];
  /** The number of unread notifications, those that are not listed included. */
  unreadCount: number;
  /** Whether there are older ones, for `loadMore`. */
  hasMore: boolean;
  /** `loading` until the first read; `failed` if that failed. */
  status: "loading" | "ready" | "failed";
  isLoadingMore: boolean;
  /** Why the last request failed; null once one succeeds. */
  error: Error | null;
}

/** A user's notifications over HTTP: pages, unread count and read marks. Realtime is the caller's: call `refresh` when something came. */
export interface NotificationList {
  state(): NotificationListState;
  /** Calls back after each change. Returns a function that ends this. */
  subscribe(changed: () => void): () => void;
  /** Reads the newest page. Rejects if that fails; the list stays as it was. */
  refresh(signal?: AbortSignal): Promise<void>;
  /** Reads the next older page. A failure is in `error`. */
  loadMore(): Promise<void>;
  /** Marks one as read: at once in the list, and taken back if Carillon refuses. */
  markRead(notificationId: string): Promise<void>;
  /** Takes a read mark of another tab or device: the event `notification:read`. */
  heardRead(event: NotificationRead): void;
  /** Marks all as read, those that are not listed included. Resolves to whether that succeeded. */
  markAllRead(): Promise<boolean>;
}

export const NOTHING_READ: NotificationListState = {
  notifications: [],
  unreadCount: 0,
  hasMore: false,
  status: "loading",
  isLoadingMore: false,
  error: null,
};

/** The list of the user whose token `api` has. */
export function notificationList(api: Api, { limit = PAGE }: { limit?: number | undefined } = {}): NotificationList {
  let state = NOTHING_READ;
  let cursor: string | null = null;
  /** Changes with each read mark, at its beginning and its end: a page that was read meanwhile may have either. */
  let marks = 0;
  let running: Promise<void> | undefined;
  let isDue = false;
  const listeners = new Set<() => void>();

  const set = (changes: Partial<NotificationListState>) => {
    state = { ...state, ...changes };
    for (const listener of listeners) {
      listener();
    }
  };
  const failed = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

  const page = (query: { limit: number; cursor?: string }, signal?: AbortSignal) =>
    answered(() => api.GET("/notifications", { params: { query }, ...(signal && { signal }) }), signal);

  async function read(signal?: AbortSignal): Promise<void> {
    do {
      isDue = false;
      const before = marks;
      const { notifications, nextCursor, unreadCount } = await page({ limit }, signal);
      if (marks !== before) {
        isDue = true;
        continue;
      }
      const older = olderThan(notifications);
      if (older === null || nextCursor === null) {
        cursor = nextCursor;
      }
      const listed = [...notifications, ...(nextCursor === null ? [] : (older ?? []))];
      set({ notifications: listed, unreadCount, hasMore: cursor !== null, status: "ready", error: null });
    } while (isDue);
  }

  /** The listed notifications after the last of a newer page; null if the pages do not meet. */
  function olderThan(newer: readonly Notification[]): readonly Notification[] | null {
    const last = newer.at(-1)?.notificationId;
    const index = state.notifications.findIndex(({ notificationId }) => notificationId === last);
    return index < 0 ? null : state.notifications.slice(index + 1);
  }

  const readAt = (isRead: (notification: Notification) => boolean, time: string | null) =>
    state.notifications.map((notification) => (isRead(notification) ? { ...notification, readAt: time } : notification));

  const list: NotificationList = {
    state: () => state,
    subscribe(changed) {
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
      };
    },
    refresh(signal) {
      // The page that is being read may be older than the reason for this call.
      isDue = running !== undefined;
      running ??= read(signal)
        .catch((error: unknown) => {
          if (!signal?.aborted) {
            set({ error: failed(error), ...(state.status === "loading" && { status: "failed" }) });
          }
          throw error;
        })
        .finally(() => {
          running = undefined;
        });
      return running;
    },
    async loadMore() {
      if (cursor === null || state.isLoadingMore) {
        return;
      }
      const from = cursor;
      set({ isLoadingMore: true });
      try {
        const { notifications, nextCursor } = await page({ limit, cursor: from });
        // Meanwhile, a refresh may have begun the list again.
        if (cursor === from) {
          cursor = nextCursor;
          const known = new Set(state.notifications.map(({ notificationId }) => notificationId));
          const more = notifications.filter(({ notificationId }) => !known.has(notificationId));
          set({ notifications: [...state.notifications, ...more], hasMore: cursor !== null, error: null });
        }
      } catch (error) {
        set({ error: failed(error) });
      } finally {
        set({ isLoadingMore: false });
      }
    },
    async markRead(notificationId) {
      const isIt = (notification: Notification) => notification.notificationId === notificationId;
      if (!state.notifications.some((notification) => isIt(notification) && notification.readAt === null)) {
        return;
      }
      marks += 1;
      set({ notifications: readAt(isIt, new Date().toISOString()), unreadCount: Math.max(0, state.unreadCount - 1) });
      try {
        await answered(() => api.POST("/notifications/{notificationId}/read", { params: { path: { notificationId } } }));
        set({ error: null });
      } catch (error) {
        // 404: it was deleted or has expired, and the next page does not have it.
        if (!(error instanceof RefusedError && error.status === 404)) {
          set({ notifications: readAt(isIt, null), unreadCount: state.unreadCount + 1, error: failed(error) });
        }
      } finally {
        marks += 1;
      }
    },
    heardRead({ notificationId, readAt: time }) {
      const isMeant = (notification: Notification) =>
        notification.readAt === null && (notificationId === null || notification.notificationId === notificationId);
      const isListed = state.notifications.some((notification) => notification.notificationId === notificationId);
      if (notificationId !== null && !isListed) {
        // An older one, which only the count has.
        list.refresh().catch(() => {});
      } else if (notificationId === null ? state.unreadCount > 0 : state.notifications.some(isMeant)) {
        marks += 1;
        set({ notifications: readAt(isMeant, time), unreadCount: notificationId === null ? 0 : Math.max(0, state.unreadCount - 1) });
      }
    },
    async markAllRead() {
      const { notifications, unreadCount } = state;
      if (unreadCount === 0) {
        return true;
      }
      const unread = new Set(notifications.filter(({ readAt }) => readAt === null).map(({ notificationId }) => notificationId));
      const wasUnread = ({ notificationId }: Notification) => unread.has(notificationId);
      marks += 1;
      set({ notifications: readAt(wasUnread, new Date().toISOString()), unreadCount: 0 });
      try {
        await answered(() => api.POST("/notifications/read-all", {}));
        set({ error: null });
        return true;
      } catch (error) {
        set({ notifications: readAt(wasUnread, null), unreadCount: state.unreadCount + unreadCount, error: failed(error) });
        return false;
      } finally {
        marks += 1;
      }
    },
  };
  return list;
}

interface Answer<Data> {
  data?: Data | undefined;
  error?: unknown;
  response: Response;
}

/** The data of a response. Asks again while Carillon cannot be reached, fails or asks to wait. */
async function answered<Data>(ask: () => Promise<Answer<Data>>, signal?: AbortSignal): Promise<Data> {
  for (let tried = 1; ; tried += 1) {
    try {
      const { data, error, response } = await ask();
      if (response.ok) {
        return data as Data;
      }
      const { message } = (error ?? {}) as { message?: unknown };
      const words = typeof message === "string" ? message : `Refused with status ${response.status}`;
      throw new RefusedError(response.status, words, response.headers.get("x-request-id"));
    } catch (error) {
      const isFinal = error instanceof RefusedError && !mayPass(error.status);
      if (isFinal || tried >= TRIES || signal?.aborted) {
        throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, backoff(FIRST_DELAY_MS, tried)));
  }
}
