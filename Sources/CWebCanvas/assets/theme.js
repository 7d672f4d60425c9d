import { keepTheme, keptTheme } from "./settings.js";

/** Light, dark, or as the system has it. */
export class Theme {
  constructor(app) {
    this.app = app;
    this.#set(keptTheme());
  }

  toggle() {
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    // Where the system agrees, the system is followed again.
    this.#set((next === "dark") === isDark ? "" : next);
    keepTheme(document.documentElement.dataset.theme ?? "");
    this.app.announce(`${next === "dark" ? "Dark" : "Light"} colours.`);
    this.app.minimap?.repaint();
    this.app.view?.far.recolour();
  }

  #set(theme) {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  }
}
