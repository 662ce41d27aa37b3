// A conversation on the page: shows messages, sends, deletes, and catches up after a pause.

import { persist } from "/examples/live.js";
import { $, CallError, call, complain } from "/examples/page.js";
import { dayOf, timeOf, words } from "/examples/words.js";

/** Messages of one author within these belong together. */
const TOGETHER_MS = 300_000;
/** Pixels from the end within which the page goes along with new messages. */
const NEAR = 120;
/** Most files of a message. */
const MAX_FILES = 5;
/** How long a file may take to be uploaded. */
const UPLOAD_MS = 300_000;
/** For each conversation that this page has shown, the message that is being sent; the next one waits for it. */
const SENDING = new Map();

/**
 * The messages of one conversation. `messagesUrl(query)` is the address of its messages, `deleteUrl(id)` that of one, `headers` go with each
 * call, `me` is the caller's id, `markRead(seq)` says that the caller has read up to there, and `field` is what a message calls its text.
 * `fileUrl(id)` is the address at which a file's link is asked for, and with an empty id an upload.
 */
export class Conversation {
  #messages = new Map();
  #elements = new Map();
  #etag = null;
  #read = 0;
  #filling = null;
  #seen = { seq: 0, role: null };
  #isShown = true;

  constructor({ messagesUrl, deleteUrl, fileUrl, headers = {}, me, markRead, field = "message" }) {
    Object.assign(this, { messagesUrl, deleteUrl, fileUrl, headers, me, markRead, field });
    document.addEventListener("visibilitychange", () => this.#sayRead());
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
    this.#take(messages);
    this.show();
    this.#sayRead();
    // A message before it was missed, say because Pusher was gone for a moment.
    if (this.whole < this.last) {
      this.#filling ??= persist(() => this.missed())
        .catch(complain)
        .finally(() => (this.#filling = null));
    }
  }

  #take(messages) {
    for (const message of messages) {
      if (!this.#messages.get(message.seq)?.deletedAt) {
        this.#messages.set(message.seq, message);
      }
    }
  }

  /** Says that everything shown is read, unless nobody looks at the page. */
  #sayRead() {
    const seq = this.last;
    if (this.#isShown && seq > this.#read && document.visibilityState === "visible") {
      this.#read = seq;
      persist(() => this.markRead(seq)).catch((error) => {
        this.#read = 0;
        complain(error);
      });
    }
  }

  /** The newest page. */
  async open() {
    const { etag, body } = await call(this.messagesUrl(""), { headers: this.headers });
    this.#etag = etag;
    this.add(...body.messages);
  }

  /** Lets go of the page, for another conversation. */
  close() {
    this.#isShown = false;
  }

  /** The page before the oldest message. */
  async older() {
    const oldest = Math.min(...this.#messages.keys());
    const { body } = await call(this.messagesUrl(`before=${oldest}`), { headers: this.headers });
    const fromEnd = $("log").scrollHeight - $("log").scrollTop;
    this.add(...body.messages);
    $("log").scrollTop = $("log").scrollHeight - fromEnd;
  }

  /** The messages after the last number without a gap, page by page. */
  async missed() {
    let next = this.whole;
    do {
      const { body } = await call(this.messagesUrl(`after=${next}`), { headers: this.headers });
      next = body.nextCursor;
      this.#take(body.messages);
    } while (next);
    this.show();
    this.#sayRead();
  }

  /** After a pause: reads the messages that were missed, and the deletions since. */
  async catchUp() {
    await this.missed();
    await this.poll();
  }

  /** Asks whether anything is new; if nothing is, the response has no body. */
  async poll() {
    const headers = { ...this.headers, ...(this.#etag && { "If-None-Match": this.#etag }) };
    const { etag, body } = await call(this.messagesUrl(""), { headers });
    if (body) {
      this.#etag = etag;
      this.add(...body.messages);
    }
  }

  /**
   * Sends one message after the other, so that they are numbered as they were written, also where the files of one take long. One that fails
   * holds up no other.
   */
  send(text, files = []) {
    const uploaded = Promise.all(files.map((file) => this.#upload(file)));
    // Its failure is this message's, but may come before the message's turn.
    uploaded.catch(() => {});
    const send = async () => this.#sendNow(text, await uploaded);
    const address = this.messagesUrl("");
    const sending = (SENDING.get(address) ?? Promise.resolve()).then(send, send);
    SENDING.set(address, sending);
    return sending;
  }

  /** A send that may be repeated: the key makes it one message. */
  async #sendNow(text, attachmentIds) {
    const headers = { ...this.headers, "Idempotency-Key": crypto.randomUUID() };
    const message = { [this.field]: text, ...(attachmentIds.length > 0 && { attachmentIds }) };
    const options = { method: "POST", headers, body: JSON.stringify(message) };
    const { body } = await persist(() => call(this.messagesUrl(""), options), { tries: 3 });
    this.add(body.message);
    if (this.#isShown) {
      $("log").scrollTop = $("log").scrollHeight;
    }
  }

  /** Puts a file where the chat's server says, by a form; resolves to its id. */
  async #upload(file) {
    const { name, type, size } = file;
    const headers = { ...this.headers, "Idempotency-Key": crypto.randomUUID() };
    const options = { method: "POST", headers, body: JSON.stringify({ name, type, size }) };
    const { body } = await persist(() => call(this.fileUrl(""), options), { tries: 3 });
    const form = new FormData();
    for (const [field, value] of Object.entries(body.fields)) {
      form.append(field, value);
    }
    // The store ignores fields that come after it.
    form.append("file", file);
    const response = await fetch(body.url, { method: "POST", body: form, signal: AbortSignal.timeout(UPLOAD_MS) }).catch(() => null);
    if (!response?.ok) {
      throw new CallError(response?.status ?? 0, words.notUploaded(name));
    }
    return body.attachmentId;
  }

  async #linkTo({ id }) {
    const { body } = await persist(() => call(this.fileUrl(id), { headers: this.headers }), { tries: 3 });
    return body.url;
  }

  /** A file of a message: a picture is shown, another one is a button that saves it. */
  #file(file) {
    if (!file.type.startsWith("image/")) {
      const button = make("button", { type: "button", className: "file" }, file.name);
      // The link is asked for when it is used: it ends after some minutes.
      button.addEventListener("click", () => this.#linkTo(file).then((url) => location.assign(url), complain));
      return button;
    }
    const image = make("img", { className: "file", alt: file.name });
    this.#linkTo(file).then((url) => (image.src = url), complain);
    return image;
  }

  async remove(message) {
    const { body } = await call(this.deleteUrl(message.id), { method: "DELETE", headers: this.headers });
    this.add(body.message);
  }

  /** A deletion that says no more than which message it was. */
  removed(id, seq, deletedAt) {
    const known = this.#messages.get(seq);
    if (known) {
      const { [this.field]: _, attachments: __, ...left } = known;
      this.add({ ...left, id, seq, deletedAt });
    } else {
      persist(() => this.poll()).catch(complain);
    }
  }

  /** The other side has read up to this number. */
  seen(seq, role) {
    if (seq > this.#seen.seq) {
      this.#seen = { seq, role };
      this.show();
    }
  }

  /** Shows the messages. It keeps the elements of those that have not changed, so that a screen reader reads the new ones alone. */
  show() {
    if (!this.#isShown) {
      return;
    }
    const log = $("log");
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    const ordered = [...this.#messages.values()].toSorted((one, other) => one.seq - other.seq);
    const lastSeen = ordered.findLast(({ seq, author }) => author.id === this.me && seq <= this.#seen.seq)?.seq;
    let place = $("messages").firstElementChild;
    let before = null;
    const put = (key, content, make) => {
      const known = this.#elements.get(key);
      const element = known?.content === content ? known.element : make();
      if (known && known.element !== element && known.element.parentElement) {
        if (place === known.element) {
          place = element;
        }
        known.element.replaceWith(element);
      }
      this.#elements.set(key, { content, element });
      if (place === element) {
        place = element.nextElementSibling;
      } else {
        $("messages").insertBefore(element, place);
      }
    };
    for (const message of ordered) {
      const day = dayOf(message.createdAt);
      const isNewDay = !before || day !== dayOf(before.createdAt);
      if (isNewDay) {
        put(`day ${day}`, day, () => dayItem(message.createdAt));
      }
      const isTogether = !isNewDay && before.author.id === message.author.id && Date.parse(message.createdAt) - Date.parse(before.createdAt) < TOGETHER_MS;
      const seenBy = message.seq === lastSeen ? words.readBy[this.#seen.role] : null;
      put(message.seq, JSON.stringify([message, isTogether, seenBy]), () => this.#item(message, isTogether, seenBy));
      before = message;
    }
    while (place) {
      const next = place.nextElementSibling;
      place.remove();
      place = next;
    }
    $("older").hidden = ordered.length === 0 || ordered[0].seq === 1;
    $("hint").textContent = ordered.length === 0 ? words.noMessages : "";
    if (isAtEnd) {
      log.scrollTop = log.scrollHeight;
    }
  }

  #item(message, isTogether, seenBy) {
    const { author, deletedAt, createdAt, seq, id } = message;
    const item = make("li", { id: `message-${id}`, className: "message" });
    const mine = author.id === this.me;
    item.toggleAttribute("data-mine", mine);
    item.toggleAttribute("data-together", isTogether);
    item.toggleAttribute("data-deleted", Boolean(deletedAt));
    item.dataset.seq = seq;
    // As text: what somebody wrote is never HTML here, and its direction is its own.
    const bubble = make("div", { className: "bubble" });
    bubble.append(
      make("p", { className: "author", dir: "auto" }, author.name),
      make("p", { className: "text", dir: "auto" }, deletedAt ? words.removed : message[this.field]),
      ...(message.attachments ?? []).map((file) => this.#file(file)),
      make("time", { dateTime: createdAt }, timeOf(createdAt)),
    );
    item.append(bubble);
    if (mine && !deletedAt) {
      const button = make("button", { type: "button", className: "delete", ariaLabel: words.remove, title: words.remove });
      button.addEventListener("click", () => this.remove(message).then(() => complain(), complain));
      item.prepend(button);
    }
    if (seenBy) {
      item.append(make("p", { className: "seen" }, seenBy));
    }
    return item;
  }
}

function dayItem(at) {
  const item = make("li", { className: "day" });
  item.append(make("time", { dateTime: at.slice(0, 10) }, dayOf(at)));
  return item;
}

/** An element with these properties and this text. */
export function make(name, properties = {}, text = "") {
  const element = Object.assign(document.createElement(name), properties);
  element.append(text);
  return element;
}

/** The form that sends: Enter sends, Shift+Enter begins a line. */
export function sending(conversation) {
  const [form, text] = [$("form"), $("text")];
  const fit = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
  };
  text.addEventListener("input", fit);
  text.addEventListener("keydown", (event) => {
    // While an input method composes, Enter is its own.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  let files = [];
  /** The texts that were put back since the last submit, since they could not be sent. */
  let unsent = "";
  const choose = (chosen) => {
    files = chosen;
    $("files").textContent = files.map(({ name }) => name).join(", ");
  };
  $("attach").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    choose([...$("file").files].slice(0, MAX_FILES));
    // The same file may be chosen again.
    $("file").value = "";
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [written, chosen] = [text.value, files];
    if (!written.trim() && chosen.length === 0) {
      return;
    }
    // Emptied at once: text that is typed before the response is the next message.
    text.value = "";
    choose([]);
    fit();
    complain();
    unsent = "";
    const to = conversation();
    try {
      await to.send(written, chosen);
    } catch (error) {
      // In another conversation, it would go to somebody else.
      if (conversation() !== to) {
        complain(new Error(written ? `${error.message}: ${written}` : error.message));
        return;
      }
      // After what was put back before, and before what was typed meanwhile.
      const isAsPutBack = text.value.startsWith(unsent);
      const typed = isAsPutBack ? text.value.slice(unsent.length).replace(/^\n/, "") : text.value;
      unsent = [isAsPutBack && unsent, written].filter(Boolean).join("\n");
      text.value = [unsent, typed].filter(Boolean).join("\n");
      choose([...files, ...chosen].slice(0, MAX_FILES));
      fit();
      complain(error);
    }
  });
  $("older").addEventListener("click", () => conversation().older().then(() => complain(), complain));
}
