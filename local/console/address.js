// The page's address: the panel and the choices in it, so that it can be shared: `#events?filter=ben&kind=fact`.

const kept = new Map();

const parse = () => {
  const [panel, query = ""] = location.hash.slice(1).split("?", 2);
  return [panel, new URLSearchParams(query)];
};

/** The panel that the address names; empty where it names none. */
export const panelInAddress = () => parse()[0];

/** The choices of a panel. */
export const chosenIn = (panel) => kept.get(panel) ?? new URLSearchParams();

/** The panel's part of the address. */
export const addressOf = (panel) => `#${panel}${chosenIn(panel).size > 0 ? `?${chosenIn(panel)}` : ""}`;

/** The whole address of a panel with these choices. */
export const linkTo = (panel, choices) => `${location.origin}${location.pathname}#${panel}?${new URLSearchParams(choices)}`;

/** Notes what is chosen in a panel; empty values are left out. `isShown` panels have it in the address at once. */
export function choose(panel, choices, { isShown = true } = {}) {
  kept.set(panel, new URLSearchParams(Object.entries(choices).filter(([, value]) => value)));
  if (isShown && (location.hash || kept.get(panel).size > 0)) {
    history.replaceState(null, "", addressOf(panel));
  }
}

function read() {
  const [panel, choices] = parse();
  if (panel) {
    kept.set(panel, choices);
    dispatchEvent(new CustomEvent("address", { detail: panel }));
  }
}

addEventListener("hashchange", read);
read();
