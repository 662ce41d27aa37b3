// Building the page. Data becomes text, never HTML.

export const $ = (id) => document.getElementById(id);

/** An element with these properties and children. Properties that an element does not have are attributes. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) {
      continue;
    }
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else if (key in element && key !== "list") {
      element[key] = value;
    } else {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...present(children));
  return element;
}

/** Leaves out `undefined`, `null` and `false`, so that `isKnown && make(…)` never shows the word "false". */
const present = (children) => children.filter((child) => child !== undefined && child !== null && child !== false);

/** Puts these children into an element, and nothing else. */
export const fill = (element, ...children) => element.replaceChildren(...present(children));

/** Whether a panel is the one that is shown. */
export const isShown = (panel) => !$(panel).hidden;

/** A button that copies what `text` returns, and says so. */
export function copyButton(label, text) {
  const button = make("button", { type: "button", className: "small" }, label);
  button.addEventListener("click", () => copy(button, text()));
  return button;
}

/** Copies, and says so on the button for a moment. */
export async function copy(button, text) {
  const label = button.textContent;
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1200);
}

/** Makes a list of options that arrow keys walk through; `choose` gets the option's key. */
export function listbox(list, choose) {
  const options = () => [...list.querySelectorAll("[role=option]")];
  const select = (option, { scroll = true } = {}) => {
    for (const other of options()) {
      other.setAttribute("aria-selected", String(other === option));
    }
    list.setAttribute("aria-activedescendant", option.id);
    if (scroll) {
      option.scrollIntoView({ block: "nearest" });
    }
    choose(option.dataset.key);
  };
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) {
      select(option, { scroll: false });
    }
  });
  list.addEventListener("keydown", (event) => {
    const all = options();
    const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const steps = { ArrowDown: now + 1, ArrowUp: now < 0 ? 0 : now - 1, Home: 0, End: all.length - 1, PageDown: now + 10, PageUp: now - 10 };
    if (event.key in steps && all.length > 0) {
      event.preventDefault();
      select(all[Math.max(0, Math.min(all.length - 1, steps[event.key]))]);
    }
  });
}
