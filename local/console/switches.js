// Switches that make parts of the stack fail, and let them go on.

import { $, fill, make } from "/console/dom.js";
import { ask } from "/console/server.js";

const SOCKET_FUNCTIONS = /^Socket/;
const OF_POSTS = { up: "posts are taken", frozen: "posts are late", gone: "posts are refused with 429" };
const STANDINGS = { up: "running", frozen: "frozen: it takes connections and answers nothing", gone: "stopped" };
let standing = "up";
let postsAre = "up";
let sockets = [];
let refresh = () => {};

async function order(button, ...paths) {
  button.disabled = true;
  $("delivery-complaint").textContent = "";
  for (const path of paths) {
    try {
      await ask(path, { method: "POST" });
    } catch (error) {
      // Such as a function whose process has ended meanwhile: the others are still to do.
      $("delivery-complaint").textContent = error.message;
    }
  }
  button.disabled = false;
  await refresh();
}

$("pusher-switch").addEventListener("click", ({ target }) => order(target, standing === "gone" ? "pusher/start" : "pusher/kill"));
$("pusher-freeze").addEventListener("click", ({ target }) => order(target, standing === "frozen" ? "pusher/thaw" : "pusher/freeze"));

$("posts-switch").addEventListener("click", ({ target }) => order(target, postsAre === "up" ? "posts/refuse" : "posts/take"));
$("kill-sockets").addEventListener("click", ({ target }) => order(target, ...sockets.map(kill)));

const kill = (name) => `functions/${encodeURIComponent(name)}/kill`;

let drawn = "";

/** Shows how the parts are: `posts` where the functions serve channels themselves, `pusher` where this machine has a Pusher server. */
export function showSwitches({ posts, pusher, functions }, afterwards) {
  refresh = afterwards;
  $("pusher-server").hidden = !pusher;
  $("posts").hidden = !posts;
  if (pusher) {
    showServer(pusher);
  } else if (posts) {
    showPosts(posts, functions);
  } else {
    $("pusher-note").textContent = "Kill a function, send something: nothing is lost.";
  }
  const text = JSON.stringify(functions);
  if (drawn !== text) {
    drawn = text;
    const none = make("span", { className: "quiet" }, "none has a process now; the first request starts one");
    fill($("functions"), ...(functions.length > 0 ? functions.map(victim) : [none]));
  }
}

function showPosts(posts, functions) {
  postsAre = posts.standing;
  sockets = functions.map(({ name }) => name).filter((name) => SOCKET_FUNCTIONS.test(name));
  $("pusher-note").textContent = "Refuse posts to clients, or kill what serves them, send something, take posts again: nothing is lost.";
  $("posts-standing").textContent = OF_POSTS[postsAre];
  $("posts-standing").dataset.standing = postsAre;
  $("posts-switch").textContent = postsAre === "up" ? "Refuse posts" : "Take posts";
  $("kill-sockets").disabled = sockets.length === 0;
}

function showServer(pusher) {
  ({ standing } = pusher);
  $("pusher-note").textContent = "Stop the Pusher server, send something, start it again: nothing is lost.";
  $("pusher-standing").textContent = STANDINGS[standing];
  $("pusher-standing").dataset.standing = standing;
  $("pusher-switch").textContent = standing === "gone" ? "Start" : "Stop";
  $("pusher-freeze").textContent = standing === "frozen" ? "Thaw" : "Freeze";
  $("pusher-freeze").disabled = standing === "gone";
}

function victim({ name, processes }) {
  const label = processes > 1 ? `${name} (${processes})` : name;
  const button = make("button", { type: "button", className: "small", "aria-label": `Kill ${label}` }, label);
  button.addEventListener("click", () => order(button, kill(name)));
  return button;
}
