// Switches that make parts of the stack fail, and let them go on.

import { $, fill, make } from "/console/dom.js";
import { ask } from "/console/server.js";

const STANDINGS = { up: "running", frozen: "frozen: it takes connections and answers nothing", gone: "stopped" };
let standing = "up";
let refresh = () => {};

async function order(button, path) {
  button.disabled = true;
  $("delivery-complaint").textContent = "";
  try {
    await ask(path, { method: "POST" });
  } catch (error) {
    $("delivery-complaint").textContent = error.message;
  }
  button.disabled = false;
  await refresh();
}

$("pusher-switch").addEventListener("click", ({ target }) => order(target, standing === "gone" ? "pusher/start" : "pusher/kill"));
$("pusher-freeze").addEventListener("click", ({ target }) => order(target, standing === "frozen" ? "pusher/thaw" : "pusher/freeze"));

let drawn = "";

/** Shows how the parts are. A stack whose functions speak Pusher's protocol has no `pusher`. */
export function showSwitches({ pusher, functions }, afterwards) {
  refresh = afterwards;
  $("pusher-server").hidden = !pusher;
  if (pusher) {
    showServer(pusher);
  } else {
    $("pusher-note").textContent = "The functions serve pusher-js themselves. Kill SocketMessage or Delivery, send something: nothing is lost.";
  }
  const text = JSON.stringify(functions);
  if (drawn !== text) {
    drawn = text;
    const none = make("span", { className: "quiet" }, "none has a process now; the first request starts one");
    fill($("functions"), ...(functions.length > 0 ? functions.map(victim) : [none]));
  }
}

function showServer(pusher) {
  ({ standing } = pusher);
  $("pusher-standing").textContent = STANDINGS[standing];
  $("pusher-standing").dataset.standing = standing;
  $("pusher-switch").textContent = standing === "gone" ? "Start" : "Stop";
  $("pusher-freeze").textContent = standing === "frozen" ? "Thaw" : "Freeze";
  $("pusher-freeze").disabled = standing === "gone";
}

function victim({ name, processes }) {
  const label = processes > 1 ? `${name} (${processes})` : name;
  const button = make("button", { type: "button", className: "small", "aria-label": `Kill ${label}` }, label);
  button.addEventListener("click", () => order(button, `functions/${encodeURIComponent(name)}/kill`));
  return button;
}
