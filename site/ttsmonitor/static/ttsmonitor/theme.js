// Light, dark or like the device, before the first paint: the one script that is not deferred.
// The choice is kept under the name that Django's admin uses, so that both look alike.
"use strict";
(() => {
  const KEY = "theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const stored = () => {
    try {
      const value = localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : "auto";
    } catch {
      return "auto"; // storage is switched off
    }
  };

  const apply = () => {
    const choice = stored();
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.bsTheme = theme;
    const bar = document.querySelector("meta[name=theme-color]");
    if (bar) {
      bar.dataset.light ??= bar.content;
      bar.content = bar.dataset[theme];
    }
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const chosen = button.dataset.themeChoice === choice;
      button.classList.toggle("active", chosen);
      button.setAttribute("aria-pressed", String(chosen));
    }
  };

  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeChoice);
    } catch {
      return;
    }
    apply();
  });
})();
