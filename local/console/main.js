// The page: its panels, and whether it hears of anything.

import "/console/events.js";
import "/console/delivery.js";
import "/console/inbox.js";
import "/console/occupancy.js";
import "/console/pictures.js";
import "/console/send.js";
import { addressOf, panelInAddress } from "/console/address.js";
import { $ } from "/console/dom.js";
import { listen, on } from "/console/server.js";

const tabs = [...document.querySelectorAll("[role=tab]")];
const named = (panel) => tabs.find((tab) => tab.getAttribute("aria-controls") === panel) ?? tabs[0];

function show(chosen, { focus = false } = {}) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
  const panel = chosen.getAttribute("aria-controls");
  // Not at the start: the browser would go there, past the bar.
  if (location.hash || chosen !== tabs[0]) {
    history.replaceState(null, "", addressOf(panel));
  }
  if (focus) {
    chosen.focus();
  }
  dispatchEvent(new CustomEvent("panel", { detail: panel }));
}

$("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) {
    show(tab);
  }
});
$("tabs").addEventListener("keydown", (event) => {
  const now = tabs.indexOf(document.activeElement);
  const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next !== undefined && now >= 0) {
    event.preventDefault();
    show(tabs[(next + tabs.length) % tabs.length], { focus: true });
  }
});
// `/` goes to the filter of the panel, as in other tools; 1 to 7 to a panel.
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("[role=tabpanel]:not([hidden]) input[type=search]")?.focus();
  } else if (tabs[Number(event.key) - 1]) {
    show(tabs[Number(event.key) - 1], { focus: true });
  }
});
addEventListener("hashchange", () => show(named(panelInAddress())));
show(named(panelInAddress()));

on("live", (isLive) => {
  $("live").dataset.live = String(isLive);
  $("live-text").textContent = isLive ? "Live" : "The stack does not answer; trying again";
});
listen();

// It waits for the stack's people and operations; the rest of the page does not wait for it.
addEventListener("submit", (event) => event.preventDefault());
import("/console/act.js").then(
  () => ($("act").inert = false),
  (error) => {
    $("act").inert = false;
    $("identity-complaint").textContent = error.message;
  },
);
