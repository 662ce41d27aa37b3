// What both sides of a chat do: show messages, send, delete, catch up after a pause, and poll while Pusher is out of reach.

const POLL_MS = 2000;
const $ = (id) => document.getElementById(id);

/** pusher-js, set up for a server of one's own; everything else is the caller's. */
export function selfHosted({ host, port }) {
  return class extends Pusher {
    constructor(key, options) {
      super(key, { cluster: "mt1", wsHost: host, wsPort: port, forceTLS: false, enabledTransports: ["ws"], ...options });
    }
  };
}

/** A call; fails with the answer's own words. Resolves to null where nothing has changed (304). */
export async function call(url, { headers, ...options } = {}) {
  const answer = await fetch(url, { ...options, headers: { "Content-Type": "application/json", ...headers } });
  if (answer.status === 304) {
    return { etag: answer.headers.get("etag"), body: null };
  }
  const text = await answer.text();
  const body = text && JSON.parse(text);
  if (!answer.ok) {
    throw new Error(body.message);
  }
  return { etag: answer.headers.get("etag"), body };
}

export const complain = (error) => ($("alert").textContent = error?.message ?? "");

/**
 * The messages of one conversation on the page. `messagesUrl(query)` is the address of its messages, `headers` go with each call,
 * `me` is the caller's id, `read(seq)` says that the caller has read up to there, and `field` is what a message calls its text.
 */
export class Conversation {
  #messages = new Map();
  #etag = null;

  constructor({ messagesUrl, deleteUrl, headers = {}, me, read, field = "message" }) {
    Object.assign(this, { messagesUrl, deleteUrl, headers, me, read, field });
  }

  /** The highest number that the page has. */
  get last() {
    return Math.max(0, ...this.#messages.keys());
  }

  /** The number up to which the page has every message since its oldest: where to go on reading. */
  get whole() {
    let seq = Math.min(...this.#messages.keys());
    while (this.#messages.has(seq + 1)) {
      seq += 1;
    }
    return Number.isFinite(seq) ? seq : 0;
  }

  /** Takes messages, however often and in whatever order they come: a number is a message, and a deletion is the last word. */
  add(...messages) {
    const before = this.last;
    for (const message of messages) {
      if (!this.#messages.get(message.seq)?.deletedAt) {
        this.#messages.set(message.seq, message);
      }
    }
    this.show();
    if (this.last > before) {
      this.read(this.last).catch(complain);
    }
    // A message before it was missed, say because Pusher was gone for a moment.
    if (this.whole < this.last) {
      this.missed().catch(complain);
    }
  }

  /** The newest page. */
  async open() {
    const { etag, body } = await call(this.messagesUrl(""), { headers: this.headers });
    this.#etag = etag;
    this.add(...body.messages);
  }

  /** The page before the oldest message. */
  async older() {
    const oldest = Math.min(...this.#messages.keys());
    const { body } = await call(this.messagesUrl(`before=${oldest}`), { headers: this.headers });
    this.add(...body.messages);
  }

  /** What comes after the last number up to which nothing is missing, page by page. */
  async missed() {
    let next = this.whole;
    do {
      const { body } = await call(this.messagesUrl(`after=${next}`), { headers: this.headers });
      next = body.nextCursor;
      for (const message of body.messages) {
        this.#messages.set(message.seq, message);
      }
    } while (next);
    this.add();
    this.read(this.last).catch(complain);
  }

  /** After a pause: what was missed, and what was deleted meanwhile. */
  async catchUp() {
    await this.missed();
    await this.poll();
  }

  /** Asks whether anything is new; if nothing is, the answer has no body. */
  async poll() {
    const headers = { ...this.headers, ...(this.#etag && { "If-None-Match": this.#etag }) };
    const { etag, body } = await call(this.messagesUrl(""), { headers });
    if (body) {
      this.#etag = etag;
      this.add(...body.messages);
    }
  }

  /** A send that may be repeated: the key makes it one message. */
  async send(text) {
    const headers = { ...this.headers, "Idempotency-Key": crypto.randomUUID() };
    const options = { method: "POST", headers, body: JSON.stringify({ [this.field]: text }) };
    const { body } = await call(this.messagesUrl(""), options).catch((error) => {
      // No answer, so it may be stored or not: once more with the same key.
      if (error instanceof TypeError) {
        return call(this.messagesUrl(""), options);
      }
      throw error;
    });
    this.add(body.message);
  }

  async remove(message) {
    const { body } = await call(this.deleteUrl(message.id), { method: "DELETE", headers: this.headers });
    this.add(body.message);
  }

  /** A deletion that says no more than which message it was. */
  removed(id, seq, deletedAt) {
    const known = this.#messages.get(seq);
    if (known) {
      const { [this.field]: _, ...left } = known;
      this.add({ ...left, id, seq, deletedAt });
    } else {
      this.poll().catch(complain);
    }
  }

  show() {
    const ordered = [...this.#messages.values()].toSorted((one, other) => one.seq - other.seq);
    $("messages").replaceChildren(...ordered.map((message) => this.#item(message)));
    $("older").hidden = ordered.length === 0 || ordered[0].seq === 1;
  }

  #item(message) {
    const item = document.createElement("li");
    const mine = message.author.id === this.me;
    item.toggleAttribute("data-mine", mine);
    item.dataset.seq = message.seq;
    // As text: what somebody wrote is never HTML here.
    item.append(`${message.author.name}: ${message.deletedAt ? "(deleted)" : message[this.field]}`);
    if (mine && !message.deletedAt) {
      const button = document.createElement("button");
      button.textContent = "Delete";
      button.addEventListener("click", () => this.remove(message).catch(complain));
      item.append(" ", button);
    }
    return item;
  }
}

/** Says how the page hears of news, and polls for as long as Pusher does not bring them. */
export function stayCurrent(pusher, { catchUp, poll }) {
  let timer = null;
  const changed = () => {
    const isLive = pusher.connection.state === "connected";
    $("status").textContent = isLive ? "Live" : "Pusher is out of reach; asking every 2 seconds";
    clearInterval(timer);
    timer = null;
    if (isLive) {
      catchUp().then(() => complain(), complain);
    } else {
      timer = setInterval(() => poll().then(() => complain(), complain), POLL_MS);
    }
  };
  pusher.connection.bind("state_change", changed);
  // What was sent between the first reading and the subscription.
  pusher.bind("pusher:subscription_succeeded", () => catchUp().catch(complain));
  changed();
}

/** The form that sends. */
export function sending(conversation) {
  $("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("text").value;
    // Emptied at once: what is typed until the answer is the next message.
    $("text").value = "";
    try {
      await conversation().send(text);
      complain();
    } catch (error) {
      $("text").value ||= text;
      complain(error);
    }
  });
  $("older").addEventListener("click", () => conversation().older().catch(complain));
}
