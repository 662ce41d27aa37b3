// The page at `/`: what runs, and tokens to copy.

import { $, copyButton, fill, make } from "/console/dom.js";
import { curl } from "/console/format.js";
import { ask, repeatedly } from "/console/server.js";

/** Each look invokes the function of `/health`, which has a line in the log. */
const EVERY_MS = 10_000;
const SERVERS = { gateway: "the functions serve them", sockudo: "sockudo, a Pusher server", hosted: "your app at Pusher" };

let session = null;

const badge = (isWell, good, bad) => make("span", { className: `badge ${isWell ? "good" : "bad"}` }, isWell ? good : bad);

function live(isLive, text) {
  $("live").dataset.live = String(isLive);
  if ($("live-text").textContent !== text) {
    $("live-text").textContent = text;
  }
}

const count = (number, one, several) => `${number} ${number === 1 ? one : several}`;

/** The parts of the stack, each with how it is. */
async function parts() {
  const [health, delivery] = await Promise.allSettled([fetch("/health"), ask("delivery")]);
  const isWell = health.status === "fulfilled" && health.value.ok;
  const { owed = [], waiting = [], dead = [], functions = [] } = delivery.value ?? {};
  const { url, aws, pusher, server, takes } = session;
  const isLate = owed.length + dead.length > 0;
  const rows = [
    ["Front door", make("code", {}, url)],
    ["Functions", count(functions.reduce((sum, { processes }) => sum + processes, 0), "process", "processes"), badge(isWell, "well", "not well")],
    ["AWS", make("code", {}, aws), badge(delivery.status === "fulfilled", "answers", "does not answer")],
    ["Channels", make("code", {}, `${pusher.tls ? "wss" : "ws"}://${pusher.host}:${pusher.port}`), make("span", { className: "quiet" }, `key ${pusher.key}, ${SERVERS[server]}`)],
    ["Takes", takes],
    ["Undelivered", `${owed.length} owed, ${waiting.length} to be retried, ${count(dead.length, "dead letter", "dead letters")}`, isLate && make("a", { href: "/console#delivery" }, "see why")],
  ];
  const text = rows.map((row) => row.map((part) => part?.textContent ?? part).join(" ")).join("\n");
  if ($("part-list").dataset.is !== text) {
    $("part-list").dataset.is = text;
    fill($("part-list"), ...rows.flatMap(([name, ...values]) => [make("dt", {}, name), make("dd", { className: "row" }, ...values)]));
  }
  live(isWell, isWell ? "All well" : "Not well");
}

const refresh = repeatedly(EVERY_MS, () => true, async () => {
  try {
    session ??= await ask("session");
    begin();
    await parts();
  } catch (error) {
    // Opened at another name than this machine's, or the stack has ended.
    live(false, error instanceof TypeError ? "The stack does not answer; trying again" : error.message);
  }
});

let hasBegun = false;

function begin() {
  if (hasBegun) {
    return;
  }
  hasBegun = true;
  $("parts").hidden = false;
  $("token").hidden = false;
  fill($("people"), ...session.people.map(({ userId, name }) => make("option", { value: userId }, name)));
  $("user-id").value = session.people[0].userId;
  $("hotel").value = session.guest.hotel;
  $("booking").value = session.guest.booking;
  if (session.makesTokens) {
    makeToken();
  } else {
    $("token-form").hidden = true;
    $("token-complaint").textContent = `This stack takes ${session.takes}, so only your app's issuer makes tokens.`;
  }
}

/** A request that such a token may make, with what it does. */
function example({ roles = [], hotel, userId }) {
  const { url, people } = session;
  if (hotel) {
    return ["What the guest's chat holds", { method: "GET", url: `${url}/api/guest/hotel/${encodeURIComponent(hotel)}/chat/messages` }];
  }
  if (roles.includes("service")) {
    const body = JSON.stringify({ userId: people[0].userId, type: "ORDER_SHIPPED", title: "Your parcel is on its way", body: "It arrives on Friday." });
    return [`A notification for ${people[0].userId}`, { method: "POST", url: `${url}/notifications`, body }];
  }
  if (roles.includes("admin")) {
    return ["All parties", { method: "GET", url: `${url}/parties` }];
  }
  const other = people.find((one) => one.userId !== userId).userId;
  const body = JSON.stringify({ receiverId: other, sessionId: crypto.randomUUID(), bookTitle: "The Dispossessed" });
  return [`A kudos for ${other}, which the console shows as it arrives`, { method: "POST", url: `${url}/kudos`, body }];
}

const wanted = () => {
  const role = $("role").value;
  return role === "guest"
    ? { hotel: $("hotel").value.trim(), booking: $("booking").value.trim() }
    : { userId: $("user-id").value.trim(), roles: role ? [role] : [] };
};

async function makeToken() {
  const who = wanted();
  $("token-complaint").textContent = "";
  try {
    const { token, hours } = await ask("token", { method: "POST", json: who });
    const [does, { body, ...request }] = example(who);
    const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
    const command = curl({ ...request, headers, body });
    const is = who.roles?.[0] ? `${who.userId} with the role ${who.roles[0]}` : (who.userId ?? `the guest of ${who.booking}`);
    $("made-for").textContent = `For ${is}, good for ${hours} hours`;
    $("token-text").textContent = token;
    $("curl").textContent = command;
    $("curl-does").textContent = does;
    fill($("token-copy"), copyButton("Copy token", () => token));
    fill($("curl-copy"), copyButton("Copy curl", () => command));
    $("made").hidden = false;
  } catch (error) {
    $("made").hidden = true;
    $("token-complaint").textContent = error.message;
  }
}

$("role").addEventListener("change", () => {
  const isGuest = $("role").value === "guest";
  for (const label of document.querySelectorAll("[data-for]")) {
    label.hidden = (label.dataset.for === "guest") !== isGuest;
    label.querySelector("input").required = !label.hidden;
  }
  if ($("role").value === "service" && session.people.some(({ userId }) => userId === $("user-id").value)) {
    $("user-id").value = session.service.userId;
  }
  makeToken();
});
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  makeToken();
});
refresh();
