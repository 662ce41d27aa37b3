// Shows who is typing, by client events on a presence channel, which go from page to page without your server.

import { $ } from "/examples/page.js";
import { words } from "/examples/words.js";

/** How long somebody is shown as typing after their last event. */
const TYPING_MS = 3000;

/** Says on this channel that `me` (`{ userId, name }`) is typing, and shows who else is. Returns what ends that: a message has come. */
export function showTyping(channel, me) {
  let typed = 0;
  let still = null;
  const isStill = () => {
    clearTimeout(still);
    $("typing").textContent = "";
  };
  const says = () => {
    if (channel.subscribed && Date.now() - typed > TYPING_MS / 2) {
      typed = Date.now();
      channel.trigger("client-typing", me);
    }
  };
  // Sending ends "is typing" at the others', so what is typed then is said at once.
  const sent = () => (typed = 0);
  $("form").addEventListener("submit", sent);
  $("text").addEventListener("input", says);
  channel.bind("client-typing", ({ name }) => {
    isStill();
    $("typing").textContent = words.isTyping(name);
    still = setTimeout(isStill, TYPING_MS);
  });
  return {
    isStill,
    /** Lets go of the channel, for another conversation. */
    close() {
      isStill();
      $("form").removeEventListener("submit", sent);
      $("text").removeEventListener("input", says);
      channel.unbind("client-typing");
    },
  };
}
