// Light or dark: as the system says, unless somebody chose. Not a module, so that the page is never painted in the other one first.

(() => {
  const KEY = "carillon-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem(KEY);
  const isDark = () => (chosen() ? chosen() === "dark" : dark.matches);

  function apply() {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
    const button = document.getElementById("theme");
    if (button) {
      button.textContent = isDark() ? "☀" : "☾";
      button.setAttribute("aria-label", isDark() ? "Switch to light" : "Switch to dark");
    }
    dispatchEvent(new CustomEvent("theme"));
  }

  apply();
  dark.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      localStorage.setItem(KEY, isDark() ? "light" : "dark");
      apply();
    });
  });
})();
