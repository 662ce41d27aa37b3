// Channels: which have subscribers, who is in them, and the connections. With a Pusher server, the panel says that it has them.

import { chosenIn, choose } from "/console/address.js";
import { $, fill, isShown, make } from "/console/dom.js";
import { timeOfDay } from "/console/format.js";
import { ask, repeatedly } from "/console/server.js";

/** Each look reads all rows of connections in the table. */
const EVERY_MS = 3000;
const pages = { channels: 0, connections: 0 };
const drawn = {};

const wanted = () => new URLSearchParams({ find: $("find-channel").value.trim(), ...pages }).toString();

const refresh = repeatedly(EVERY_MS, () => isShown("channels"), async () => {
  const query = wanted();
  try {
    const found = await ask(`channels?${query}`);
    if (query !== wanted()) {
      // Another page was asked for meanwhile, and `refresh` is to ask again.
      return;
    }
    draw("channels", $("occupied"), found.channels, channel, "No channel has a subscriber.");
    draw("connections", $("connections"), found.connections, connection, "Nobody is connected.");
    $("channels-complaint").textContent = "";
  } catch (error) {
    $("channels-complaint").textContent = error.message;
  }
});

/** Replaces a list where something has changed: a button that has the focus keeps it. */
function draw(name, list, found, card, nothing) {
  pages[name] = found.page;
  const text = JSON.stringify(found);
  if (drawn[name] === text) {
    return;
  }
  drawn[name] = text;
  $(`${name}-count`).textContent = found.total;
  fill(list, ...(found.total > 0 ? found.shown.map(card) : [make("li", { className: "empty" }, nothing)]));
  const turn = (label, page) => make("button", { type: "button", className: "small", disabled: page < 0 || page >= found.pages, onclick: () => show(name, page) }, label);
  const range = `${found.first + 1} to ${found.first + found.shown.length} of ${found.total}`;
  fill($(`${name}-pager`), ...(found.pages > 1 ? [turn("Previous", found.page - 1), make("span", { className: "quiet" }, range), turn("Next", found.page + 1)] : []));
}

function show(name, page) {
  pages[name] = page;
  refresh();
}

const counted = (count, one, several) => `${count} ${count === 1 ? one : several}`;
const chips = (names, more) => names.length > 0 && make("p", { className: "chips" }, ...names.map((name) => make("span", { className: "badge" }, name)), more > 0 && make("span", { className: "quiet" }, `and ${more} more`));

function channel({ name, connections, members, more }) {
  const tabs = ({ id, connections: count }) => (count > 1 ? `${id} (${count})` : id);
  const head = [counted(connections, "connection", "connections"), members.length > 0 && counted(members.length + more, "member", "members")];
  return make("li", { className: "card" }, make("strong", {}, name), make("p", {}, head.filter(Boolean).join(", ")), chips(members.map(tabs), more), ways(name));
}

/** Links from a channel to its events, and to the form that sends it one. */
const ways = (name) =>
  make(
    "p",
    { className: "row" },
    make("a", { href: `#events?${new URLSearchParams({ filter: name })}`, "aria-label": `Its events: ${name}` }, "Its events"),
    make("a", { href: `#send?${new URLSearchParams({ channel: name })}`, "aria-label": `Send it an event: ${name}` }, "Send it an event"),
  );

function connection({ id, socketId, since, user, channels, more }) {
  return make(
    "li",
    { className: "card" },
    make("strong", {}, user ?? "not signed in"),
    make("p", {}, `since ${timeOfDay(since)}`),
    chips(channels, more),
    make("p", { className: "row-key", title: socketId }, id),
  );
}

$("find-channel").addEventListener("input", () => {
  choose("channels", { filter: $("find-channel").value.trim() }, { isShown: isShown("channels") });
  pages.channels = 0;
  pages.connections = 0;
  refresh();
});

/** Shows what the address says. */
function follow() {
  $("find-channel").value = chosenIn("channels").get("filter") ?? "";
  refresh();
}
addEventListener("address", ({ detail }) => detail === "channels" && follow());
follow();
