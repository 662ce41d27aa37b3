import type { ReactElement, ReactNode } from "react";

import type { Notification } from "../../notification-list.js";
import { relativeTime } from "./time.js";

interface ItemProps {
  notification: Notification;
  isTabbable: boolean;
  unread: string;
  locale: string | undefined;
  render: ((notification: Notification) => ReactNode) | undefined;
  onFocus: () => void;
  onChoose: () => void;
}

/** A notification in the list. The list is rendered in the browser alone, so the time may depend on the clock. */
export function Item({ notification, isTabbable, unread, locale, render, onFocus, onChoose }: ItemProps): ReactElement {
  const { notificationId, title, message, createdAt, readAt } = notification;
  return (
    <li className="carillon-inbox-item" data-unread={readAt === null || undefined}>
      <button type="button" data-id={notificationId} tabIndex={isTabbable ? 0 : -1} onFocus={onFocus} onClick={onChoose}>
        {readAt === null && <span className="carillon-inbox-said">{unread}. </span>}
        {render ? (
          render(notification)
        ) : (
          <>
            <span className="carillon-inbox-item-title">{title}</span>
            <span className="carillon-inbox-item-message">{message}</span>
            <time className="carillon-inbox-item-time" dateTime={createdAt} title={new Date(createdAt).toLocaleString(locale)}>
              {relativeTime(createdAt, Date.now(), locale)}
            </time>
          </>
        )}
      </button>
    </li>
  );
}
