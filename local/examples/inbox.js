// The staff's list of chats. It is put together from what the inbox's route says and from what events say, whichever is newer: the route reads
// an index, which may be a moment behind an event.

/** Characters of a message that an inbox shows. */
const PREVIEW = 200;

const preview = ({ message, deletedAt }) => (deletedAt ? null : [...(message ?? "")].slice(0, PREVIEW).join(""));

/** The chats of a hotel, as one member of its staff sees them. */
export class Inbox {
  #chats = new Map();
  #me;

  /** `me` is the member's user id. */
  constructor(me) {
    this.#me = me;
  }

  /** The chats, the one with the newest message first. */
  get chats() {
    const chats = [...this.#chats.values()].map(({ mark, ...chat }) => ({ ...chat, unreadCount: Math.max(0, chat.lastMessage.seq - mark) }));
    return chats.toSorted((one, other) => other.lastMessage.createdAt.localeCompare(one.lastMessage.createdAt));
  }

  /** Whether the list has this message, or a newer one of its chat. */
  has(bookingId, seq) {
    return this.#chats.get(bookingId)?.lastMessage.seq >= seq;
  }

  /** Takes the response of the inbox's route. Later events are kept. */
  take(chats) {
    for (const { unreadCount, ...chat } of chats) {
      const known = this.#chats.get(chat.bookingId);
      const mark = Math.max(chat.lastMessage.seq - unreadCount, known && !known.isGuess ? known.mark : 0);
      if (known?.lastMessage.seq > chat.lastMessage.seq) {
        this.#chats.set(chat.bookingId, { ...known, mark, isGuess: false });
        continue;
      }
      const isSame = known?.lastMessage.seq === chat.lastMessage.seq;
      const lastMessage = isSame && known.lastMessage.preview === null ? known.lastMessage : chat.lastMessage;
      this.#chats.set(chat.bookingId, { ...chat, lastMessage, mark, isGuess: false });
    }
  }

  /**
   * Takes a `realtime_event` of the staff's channel. Returns whether it said all that the list needs; if not, the route is to be read: nobody
   * knows yet how much of that chat this member has read.
   */
  hear({ type, bookingId, message, reader, seq, state, assignedTo, updatedAt }) {
    const known = this.#chats.get(bookingId);
    if (type === "messages_read") {
      if (known && reader.id === this.#me) {
        this.#chats.set(bookingId, { ...known, mark: Math.max(known.mark, seq) });
      }
      return true;
    }
    if (type === "chat_updated") {
      // Events of a chat may change places: the later change counts, and a guest's later message has reopened the chat.
      if (known && !(updatedAt <= known.updatedAt)) {
        const { author, createdAt } = known.lastMessage;
        const isReopened = author.role === "guest" && createdAt > updatedAt;
        this.#chats.set(bookingId, { ...known, state: isReopened ? "open" : state, assignedTo, updatedAt: updatedAt ?? known.updatedAt });
      }
      return true;
    }
    if (type === "message_deleted") {
      if (known?.lastMessage.seq === message.seq) {
        this.#chats.set(bookingId, { ...known, lastMessage: { ...known.lastMessage, preview: null } });
      }
      return true;
    }
    if (type !== "chat_message" || known?.lastMessage.seq >= message.seq) {
      return true;
    }
    const isMine = message.author.id === this.#me;
    const isFirst = message.seq === 1;
    // Members have read their own messages. How much of an unknown chat is read, the route knows.
    const mark = isMine ? message.seq : (known?.mark ?? message.seq - 1);
    const isGuess = !isMine && !isFirst && (known === undefined || known.isGuess === true);
    const guestName = message.author.role === "guest" ? message.author.name : (known?.guestName ?? null);
    const { author, createdAt } = message;
    const lastMessage = { seq: message.seq, author, preview: preview(message), createdAt };
    // A guest's message reopens a chat that was closed before.
    const isOpen = known?.state !== "closed" || (message.author.role === "guest" && !(createdAt < known.updatedAt));
    const handling = { state: isOpen ? "open" : "closed", assignedTo: known?.assignedTo ?? null, updatedAt: known?.updatedAt };
    this.#chats.set(bookingId, { bookingId, guestName, ...handling, lastMessage, mark, isGuess });
    return !isGuess && guestName !== null;
  }
}
