// A dead letter, and the button that replays it.

import { $, make } from "/console/dom.js";
import { timeOfDay } from "/console/format.js";
import { ask } from "/console/server.js";

export function letter({ id, title, reason, sent, body, replays }, replayed) {
  const button = make("button", { type: "button", className: "small" }, "Replay");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask(`letters/${encodeURIComponent(id)}/replay`, { method: "POST" });
    } catch (error) {
      $("delivery-complaint").textContent = error.message;
    }
    button.disabled = false;
    await replayed();
  });
  return make(
    "li",
    { className: "card", "data-is": id },
    make("strong", {}, title),
    make("p", {}, `given up at ${timeOfDay(sent * 1000)}: ${reason || "no reason given"}`),
    make("details", {}, make("summary", {}, "The message"), make("pre", { tabIndex: 0 }, JSON.stringify(body, null, 2))),
    replays && button,
  );
}
