// The reference is light or dark as the console is; a choice here counts there, too. Not a module, so that Redoc finds the choice when it begins.

(() => {
  const OURS = "carillon-theme";
  const REDOCS = "redoc.colorMode";
  const chosen = localStorage.getItem(OURS);
  if (chosen) {
    localStorage.setItem(REDOCS, chosen);
  } else {
    localStorage.removeItem(REDOCS);
  }
  const root = document.documentElement;
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.classList.add(isDark ? "dark" : "light");
  new MutationObserver(() => {
    const kept = localStorage.getItem(REDOCS);
    if (kept) {
      localStorage.setItem(OURS, kept);
    }
  }).observe(root, { attributeFilter: ["class"] });

  // Redoc's list of operations is in no landmark, so screen readers could not jump to it.
  new MutationObserver(() => {
    const menu = document.querySelector(".menu-content:not([role])");
    menu?.setAttribute("role", "navigation");
    menu?.setAttribute("aria-label", "Contents");
  }).observe(root, { childList: true, subtree: true });
})();
