// The hotel's side: an inbox that hears of every chat, and the chat that is open.

import { Conversation, make, sending } from "/examples/chat.js";
import { connectionOf } from "/examples/connection.js";
import { Inbox } from "/examples/inbox.js";
import { readUntil, stayLive } from "/examples/live.js";
import { $, call, complain, otherSide, sayStatus, start } from "/examples/page.js";
import { showTyping } from "/examples/typing.js";
import { dayOf, timeOf, words } from "/examples/words.js";

const parameters = new URLSearchParams(location.search);
let hotel = parameters.get("hotel");
let staff = null;

await start(main, (error) => (error.status === 403 && staff ? words.failed.staff(staff.id, hotel) : undefined));

async function main() {
  const { body: session } = await call("/examples/guest-chat/session");
  hotel ??= session.hotel;
  staff = { id: parameters.get("staff") ?? session.staff.id, token: parameters.get("token") ?? session.staff.token };
  const headers = { Authorization: `Bearer ${staff.token}` };
  const base = `/hotels/${hotel}/chats`;
  const pusher = new Pusher(session.pusher.key, { ...connectionOf(session), authEndpoint: "/pusher/auth", auth: { headers } });
  const inbox = new Inbox(staff.id);
  let open = null;

  $("who").textContent = words.staffIs(staff.id, hotel);
  $("other").href = otherSide("/examples/guest-chat", parameters, { hotel });

  // ---- The inbox

  async function readInbox() {
    const { body } = await call(base, { headers });
    inbox.take(body.chats);
    showInbox();
  }

  const items = new Map();

  function showInbox() {
    $("no-chats").textContent = inbox.chats.length === 0 ? words.noChats : "";
    const shown = inbox.chats.map((chat) => {
      const item = items.get(chat.bookingId) ?? inboxItem(chat.bookingId);
      items.set(chat.bookingId, item);
      fill(item.firstElementChild, chat);
      return item;
    });
    showHandling();
    // An element that is in place is not moved, so it keeps the focus.
    shown.forEach((item, index) => {
      if ($("inbox").children[index] !== item) {
        $("inbox").insertBefore(item, $("inbox").children[index] ?? null);
      }
    });
  }

  function inboxItem(bookingId) {
    const item = document.createElement("li");
    const button = make("button", { type: "button" });
    button.addEventListener("click", () => choose(bookingId).catch(complain));
    item.append(button);
    return item;
  }

  function fill(button, { bookingId, guestName, state, assignedTo, lastMessage, unreadCount }) {
    const name = guestName ?? words.guest;
    const at = lastMessage.createdAt;
    const when = dayOf(at) === words.today ? timeOf(at) : dayOf(at);
    const title = make("strong", { dir: "auto" }, name);
    title.toggleAttribute("data-unread", unreadCount > 0);
    button.ariaLabel = `${name}, ${bookingId} (${words.unread(unreadCount)})`;
    button.setAttribute("aria-current", String(bookingId === open?.booking));
    button.replaceChildren(
      title,
      make("time", { className: "quiet", dateTime: at }, when),
      make("span", { className: "quiet", dir: "auto" }, lastMessage.preview ?? words.removed),
      make("span", { className: "badge" }, unreadCount > 0 ? String(unreadCount) : ""),
      make("span", { className: "quiet" }, [bookingId, assignedTo?.name, state === "closed" && words.closed].filter(Boolean).join(", ")),
    );
  }

  // ---- The chat that is open

  const openChat = () => inbox.chats.find(({ bookingId }) => bookingId === open?.booking);

  /** Whom the open chat is assigned to, and the buttons that change it. */
  function showHandling() {
    const chat = openChat();
    $("assign").hidden = $("close-chat").hidden = !chat;
    $("assigned").textContent = chat?.assignedTo ? words.assignedTo(chat.assignedTo.name) : "";
    $("assign").textContent = chat?.assignedTo?.id === staff.id ? words.giveUp : words.takeChat;
    $("close-chat").textContent = chat?.state === "closed" ? words.reopen : words.closeChat;
  }

  async function change(patch) {
    const booking = open.booking;
    const options = { method: "PATCH", headers, body: JSON.stringify(patch) };
    const { body } = await call(`${base}/${booking}`, options);
    inbox.hear({ type: "chat_updated", bookingId: booking, ...body.chat });
    showInbox();
  }

  $("assign").addEventListener("click", () => {
    const { assignedTo } = openChat();
    const isMine = assignedTo?.id === staff.id;
    // Of two who take it at once, the later one reads here who was first.
    change({ assignedTo: isMine ? null : staff.id, assignedFrom: assignedTo?.id ?? null }).then(() => complain(), complain);
  });
  $("close-chat").addEventListener("click", () => {
    const { state, lastMessage } = openChat();
    change(state === "closed" ? { state: "open" } : { state: "closed", seq: lastMessage.seq }).then(() => complain(), complain);
  });

  async function choose(booking) {
    closeChat();
    complain();
    const conversation = new Conversation({
      messagesUrl: (query) => `${base}/${booking}/messages?${query}`,
      deleteUrl: (id) => `${base}/${booking}/messages/${id}`,
      fileUrl: (id) => `${base}/${booking}/attachments${id && `/${id}`}`,
      headers,
      me: staff.id,
      markRead: async (seq) => {
        await call(`${base}/${booking}/read`, { method: "PUT", headers, body: JSON.stringify({ seq }) });
        inbox.hear({ type: "messages_read", bookingId: booking, reader: { id: staff.id }, seq });
        showInbox();
      },
    });
    const presence = pusher.subscribe(`presence-hotel-${hotel}-guest-chat-booking-${booking}`);
    // The guest sees that the hotel is typing, and who of the staff it is once they have written.
    const typing = showTyping(presence, { userId: staff.id, name: hotel });
    open = { booking, conversation, presence, typing };
    $("page").dataset.view = "chat";
    $("booking").textContent = words.booking(booking);
    $("form").hidden = false;
    showInbox();
    conversation.show();
    $("hint").textContent = words.loading;
    await conversation.open();
    $("text").focus();
  }

  function closeChat() {
    open?.conversation.close();
    open?.typing.close();
    if (open) {
      pusher.unsubscribe(open.presence.name);
    }
  }

  $("back").addEventListener("click", () => {
    closeChat();
    const { booking } = open ?? {};
    open = null;
    $("page").dataset.view = "inbox";
    nothingIsOpen();
    showInbox();
    items.get(booking)?.firstElementChild.focus();
  });

  function nothingIsOpen() {
    $("messages").replaceChildren();
    $("older").hidden = true;
    $("booking").textContent = "";
    $("form").hidden = true;
    $("hint").textContent = words.chooseChat;
  }

  nothingIsOpen();
  sending(() => open?.conversation);
  await readInbox();

  // ---- Pusher

  const channel = pusher.subscribe(`private-hotel-${hotel}-staff`);
  channel.bind("realtime_event", (data) => {
    if (data.bookingId === open?.booking) {
      if (data.message?.author.role === "guest") {
        open.typing.isStill();
      }
      if (data.type === "messages_read" && data.reader.role === "guest") {
        open.conversation.seen(data.seq, "guest");
      } else if (data.message) {
        open.conversation.add(data.message);
      }
    }
    // The event says what the list needs; only of a chat that the list has not had, the route knows more.
    const isComplete = inbox.hear(data);
    showInbox();
    if (!isComplete) {
      readUntil(async () => (await call(base, { headers })).body.chats, (chats) => chats.some(({ bookingId, lastMessage }) => bookingId === data.bookingId && lastMessage.seq >= data.message.seq))
        .then((chats) => {
          inbox.take(chats);
          showInbox();
        })
        .catch(complain);
    }
  });
  stayLive(pusher, [channel], {
    catchUp: async () => {
      await readInbox();
      await open?.conversation.catchUp();
    },
    poll: async () => {
      await readInbox();
      await open?.conversation.poll();
    },
    say: sayStatus,
  });
}
