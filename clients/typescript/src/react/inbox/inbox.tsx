import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from "react";

import type { Notification } from "../../notification-list.js";
import { type UseNotificationsOptions, useNotifications } from "../use-notifications.js";
import { Bell } from "./bell.js";
import { Item } from "./item.js";
import { ENGLISH, type InboxStrings } from "./strings.js";
import { useArrival } from "./use-arrival.js";
import { useDismissal } from "./use-dismissal.js";
import { usePlace } from "./use-place.js";

export interface InboxProps extends Pick<UseNotificationsOptions, "limit" | "onNew"> {
  /** Called when a notification is chosen, after it is marked as read: open its page there. `close` closes the panel. */
  onSelect?: ((notification: Notification, close: () => void) => void) | undefined;
  /** Renders an entry in place of its title, message and time. It stands within a button, so it has no links or buttons. */
  renderNotification?: ((notification: Notification) => ReactNode) | undefined;
  /** Texts in place of the English ones. */
  strings?: Partial<InboxStrings> | undefined;
  /** Language of the times, such as `fr`; by default the browser's. */
  locale?: string | undefined;
  /** By default as the system has it. */
  theme?: "system" | "light" | "dark" | undefined;
  /** The edge of the bell that the panel keeps to, by default `end`; the other one where the window has no room for this. */
  align?: "start" | "end" | undefined;
  className?: string | undefined;
}

/**
 * A bell with the number of unread notifications, and a panel with the list. Needs a `CarillonProvider` above it, and the style sheet
 * `carillon/react/inbox.css`, whose variables set colours and sizes.
 */
export function Inbox(props: InboxProps): ReactElement {
  const { onSelect, renderNotification, locale, theme = "system", align = "end", limit, className } = props;
  const strings = { ...ENGLISH, ...props.strings };
  const [isOpen, setOpen] = useState(false);
  const { isRinging, said, say, arrived } = useArrival(strings);
  const inbox = useNotifications({
    limit,
    onNew: (notification) => {
      arrived(notification.message);
      props.onNew?.(notification);
    },
  });
  const { notifications, unreadCount, status } = inbox;

  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const bell = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  /** The notification that Tab leads to; the arrows move it. */
  const [current, setCurrent] = useState<string | null>(null);
  const tabbable = notifications.some(({ notificationId }) => notificationId === current) ? current : notifications[0]?.notificationId;

  const close = () => {
    // Without this, the focus would be lost with the panel.
    if (panel.current?.contains(document.activeElement)) {
      bell.current?.focus();
    }
    setOpen(false);
  };
  useDismissal(root, isOpen, () => setOpen(false));
  usePlace({ inbox: root, bell, panel }, isOpen, align);

  useEffect(() => {
    if (isOpen) {
      panel.current?.focus();
    }
  }, [isOpen]);

  const onToggle = () => {
    if (!isOpen) {
      void inbox.refresh();
    }
    setOpen(!isOpen);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      close();
    }
  };

  const onMove = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLButtonElement>("button[data-id]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), Home: 0, End: items.length - 1 }[event.key];
    const item = to === undefined ? undefined : items[Math.min(to, items.length - 1)];
    if (item !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      item.focus();
    }
  };

  const onReadAll = async () => {
    if (unreadCount > 0 && (await inbox.markAllRead())) {
      say(strings.allRead);
    }
  };

  const onMore = async () => {
    const last = notifications.at(-1)?.notificationId;
    const isFocused = panel.current?.contains(document.activeElement) ?? false;
    await inbox.loadMore();
    // After the rendering with the new ones. The button may be gone, and the focus with it.
    requestAnimationFrame(() => {
      const items = [...(list.current?.querySelectorAll<HTMLButtonElement>("button[data-id]") ?? [])];
      const next = items[items.findIndex(({ dataset }) => dataset.id === last) + 1];
      if (isFocused && next !== undefined) {
        next.focus();
      }
    });
  };

  return (
    <div ref={root} className={`carillon-inbox ${className ?? ""}`.trim()} data-theme={theme} onKeyDown={onKeyDown}>
      <button
        ref={bell}
        type="button"
        className="carillon-inbox-bell"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? `${id}-panel` : undefined}
        aria-label={strings.bell(unreadCount)}
        data-ringing={isRinging || undefined}
        onClick={onToggle}
      >
        <Bell />
        {unreadCount > 0 && (
          <span className="carillon-inbox-count" aria-hidden="true">
            {unreadCount > 99 ? "99+" : unreadCount}
          </span>
        )}
      </button>
      <div className="carillon-inbox-said" role="status">
        {/* The same words again are another element, or screen readers would not announce them. */}
        <span key={said.count}>{said.text}</span>
      </div>
      {isOpen && (
        <div ref={panel} id={`${id}-panel`} className="carillon-inbox-panel" role="dialog" aria-labelledby={`${id}-title`} tabIndex={-1} onKeyDown={onMove}>
          <div className="carillon-inbox-header">
            <h2 id={`${id}-title`} className="carillon-inbox-title">
              {strings.title}
            </h2>
            {notifications.length > 0 && (
              // Not `disabled`, which would lose the focus.
              <button type="button" className="carillon-inbox-action" aria-disabled={unreadCount === 0} onClick={onReadAll}>
                {strings.readAll}
              </button>
            )}
            <button type="button" className="carillon-inbox-close" aria-label={strings.close} onClick={close}>
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d="M3.5 3.5l9 9m0-9l-9 9" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
              </svg>
            </button>
          </div>
          {status === "ready" && inbox.isPolling && <p className="carillon-inbox-notice">{strings.offline}</p>}
          {status === "ready" && inbox.error !== null && (
            <p className="carillon-inbox-notice" role="alert">
              {inbox.error.message}
            </p>
          )}
          <div className="carillon-inbox-body" data-list={notifications.length > 0 || undefined} aria-busy={status === "loading"}>
            {status === "loading" && <Loading text={strings.loading} />}
            {status === "failed" && (
              <div className="carillon-inbox-state" role="alert">
                <p className="carillon-inbox-state-title">{strings.failed}</p>
                {inbox.error !== null && <p>{inbox.error.message}</p>}
                <button type="button" className="carillon-inbox-button" onClick={() => void inbox.refresh()}>
                  {strings.retry}
                </button>
              </div>
            )}
            {status === "ready" && notifications.length === 0 && (
              <div className="carillon-inbox-state">
                <Bell />
                <p className="carillon-inbox-state-title">{strings.empty}</p>
                <p>{strings.emptyHint}</p>
              </div>
            )}
            {notifications.length > 0 && (
              <ul ref={list} className="carillon-inbox-list" aria-labelledby={`${id}-title`}>
                {notifications.map((notification) => (
                  <Item
                    key={notification.notificationId}
                    notification={notification}
                    isTabbable={notification.notificationId === tabbable}
                    unread={strings.unread}
                    locale={locale}
                    render={renderNotification}
                    onFocus={() => setCurrent(notification.notificationId)}
                    onChoose={() => {
                      void inbox.markRead(notification.notificationId);
                      onSelect?.(notification, close);
                    }}
                  />
                ))}
              </ul>
            )}
            {inbox.hasMore && (
              <div className="carillon-inbox-footer">
                <button type="button" className="carillon-inbox-button" aria-disabled={inbox.isLoadingMore} onClick={onMore}>
                  {inbox.isLoadingMore ? strings.loadingMore : strings.loadMore}
                </button>
              </div>
            )}
          </div>
        </div>
      )}
    </div>
  );
}

function Loading({ text }: { text: string }): ReactElement {
  return (
    <div className="carillon-inbox-loading">
      <span className="carillon-inbox-said">{text}</span>
      {[0, 1, 2].map((line) => (
        <div key={line} className="carillon-inbox-bone" aria-hidden="true" />
      ))}
    </div>
  );
}
