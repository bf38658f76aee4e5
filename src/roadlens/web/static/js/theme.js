// Light or dark: the system's, unless somebody has chosen. Tells those who draw with colours when they change.

const KEY = "roadlens.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const told = new Set();
let probe = null;

/** `light` or `dark`: what is shown now. */
export function theme() {
  return document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");
}

/** Show the other one. A choice that is the system's own is not kept: it follows the system again. */
export function switchTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  const systems = (next === "dark") === system.matches;
  if (systems) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (systems) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // It then holds until the page is left.
  }
  for (const tell of told) tell(next);
}

/** Call `tell` whenever the theme changes, until the signal is aborted. */
export function whenThemeChanges(tell, signal) {
  if (signal?.aborted) return;
  told.add(tell);
  signal?.addEventListener("abort", () => told.delete(tell));
}

/** The value that a colour of the style sheet, such as `ink` or `low`, has now, as `rgb(…)`. */
export function colour(name) {
  if (probe === null) {
    probe = document.createElement("i");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

system.addEventListener("change", () => {
  for (const tell of told) tell(theme());
});
