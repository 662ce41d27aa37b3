// A WebSocket of either namespace, in plain JSON. It keeps the person who was chosen when it was opened.

import { $, fill, make } from "/console/dom.js";
import { timeOfDay } from "/console/format.js";
import { me } from "/console/identity.js";

const LINES = 200;
const MESSAGES = {
  dashboard: ['{"event":"ping"}', '{"event":"subscribe","data":{"channels":["referrals","events"]}}', '{"event":"unsubscribe","data":{"channels":["referrals"]}}'],
  ws: ['{"event":"ping"}', '{"event":"sendMessage","data":{"receiverId":"ursula","content":"Hello"}}', '{"event":"typing","data":{"receiverId":"ursula","isTyping":true}}'],
};
let socket = null;

function open() {
  const namespace = $("namespace").value;
  const query = new URLSearchParams({ userId: me().userId ?? "", token: me().token });
  const opened = new WebSocket(`${location.origin.replace(/^http/, "ws")}/${namespace}?${query}`);
  socket = opened;
  $("socket-as").textContent = `as ${me().userId ?? me().booking}`;
  state("connecting");
  opened.addEventListener("open", () => state("open"));
  opened.addEventListener("message", ({ data }) => log("←", data));
  opened.addEventListener("close", ({ code, reason }) => {
    log("·", `closed with ${code}${reason ? `: ${reason}` : ""}`);
    if (socket === opened) {
      socket = null;
      $("socket-as").textContent = "";
      state("closed");
    }
  });
}

function state(text) {
  $("socket-state").textContent = text;
  $("socket-state").dataset.standing = { open: "up", connecting: "frozen", closed: "" }[text];
  $("socket-switch").textContent = text === "closed" ? "Connect" : "Close";
}

function log(direction, text) {
  const sides = { "←": "from the server", "→": "to the server", "·": "connection" };
  $("socket-log").prepend(
    make("li", {}, make("time", { className: "at" }, timeOfDay(Date.now())), make("strong", { "aria-label": sides[direction] }, direction), make("code", {}, text)),
  );
  while ($("socket-log").children.length > LINES) {
    $("socket-log").lastChild.remove();
  }
}

const suggest = () => {
  const suggested = MESSAGES[$("namespace").value];
  fill($("messages"), ...suggested.map((value) => make("option", { value })));
  $("message").value = suggested[1];
};

$("namespace").addEventListener("change", suggest);
$("open-socket").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket) {
    socket.close();
  } else if (me()) {
    open();
  }
});
$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket?.readyState === WebSocket.OPEN) {
    socket.send($("message").value);
    log("→", $("message").value);
  } else {
    log("·", "not connected");
  }
});
suggest();
