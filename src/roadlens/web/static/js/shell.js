// What stands around every page: the nav, who is signed in, the banner while the server is away. Opens pages and
// leaves them.

import { signOut, whenReach } from "./api.js";
import { announce, h, replace, say } from "./dom.js";
import { icon } from "./icons.js";
import { ending } from "./live.js";
import { visit } from "./page.js";
import { link, match, place } from "./router.js";
import { ROUTES } from "./routes.js";
import * as session from "./session.js";
import { switchTheme, theme, whenThemeChanges } from "./theme.js";

let leave = () => {};

/** The whole of it, showing the page of the address. */
export function shell() {
  leave();
  const main = h("main", { class: "page", id: "main", tabindex: "-1" });
  const nav = h(
    "nav",
    { class: "nav", "aria-label": "Pages" },
    h("ul", {}, ROUTES.filter((route) => route.label).map(entry)),
  );
  const left = new AbortController();
  const show = (moved) => open(main, nav, moved);
  const moved = () => session.current() !== null && show(true);
  addEventListener("hashchange", moved, { signal: left.signal });
  leave = () => {
    left.abort();
    visit.leave();
  };
  show(false);
  return h(
    "div",
    { class: "shell" },
    skip(main),
    h("header", { class: "rail" }, brand(), nav, who(left.signal)),
    main,
    banner(),
  );
}

/** The mark, for those who show the name beside it. */
export function mark() {
  const at = document.documentElement.dataset.at;
  return h("img", { src: `${at}/mark.svg`, alt: "", width: "28", height: "28" });
}

async function open(main, nav, moved) {
  const { parts, query } = place();
  const found = match(ROUTES, parts);
  for (const anchor of nav.querySelectorAll("a")) {
    const here = anchor.dataset.first === (parts[0] ?? "");
    if (here) {
      anchor.setAttribute("aria-current", parts.length > 1 ? "true" : "page");
      anchor.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else anchor.removeAttribute("aria-current");
  }
  // Until its file has come, what stands there is the page of before.
  main.setAttribute("aria-busy", String(found !== null));
  const opened = found === null ? visit.nowhere(main) : await visit(main, found.route, found.named, query);
  if (!opened) return;
  main.removeAttribute("aria-busy");
  if (!moved) return;
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
  announce(document.title);
}

function entry(route) {
  return h(
    "li",
    {},
    h("a", { href: link(route.path), "data-first": route.path[0] ?? "" }, icon(route.icon), route.label),
  );
}

function skip(main) {
  const over = (event) => {
    event.preventDefault();
    main.focus();
  };
  return h("a", { class: "button skip", href: "#main", onclick: over }, "Skip to content");
}

function brand() {
  return h("a", { class: "brand", href: link([]) }, mark(), "Roadlens");
}

function who(signal) {
  const { username, role } = session.current();
  const light = h("button", { class: "button plain square", type: "button", onclick: switchTheme });
  const paint = () => {
    const other = theme() === "dark" ? "light" : "dark";
    const label = other === "dark" ? "Dark theme" : "Light theme";
    replace(light, icon(other));
    light.setAttribute("aria-label", label);
    light.title = label;
  };
  paint();
  whenThemeChanges(paint, signal);
  const out = h(
    "button",
    { class: "button plain square", type: "button", title: "Sign out", "aria-label": "Sign out", onclick: () => ending(signOut) },
    icon("out"),
  );
  const rights = role === "admin" ? "Administrator" : "Viewer: may look, not edit";
  return h(
    "div",
    { class: "who" },
    h(
      "div",
      { class: "who-name" },
      h("a", { href: link(["account"]), title: `Your account: ${username}` }, username),
      h("span", { class: "quiet small" }, rights),
    ),
    h("div", { class: "row" }, light, out),
  );
}

let bar = null;

function banner() {
  const text = h("span");
  bar ??= h("div", { class: "banner", role: "status", hidden: true }, icon("trouble"), text);
  return bar;
}

session.whenEnded((_why, _before, left) => left && leave());

whenReach((problem) => {
  if (bar === null) return;
  bar.hidden = problem === null;
  if (problem === null) return announce("The server answers again.");
  const why = problem.status === 0 ? "The server does not answer." : problem.message;
  say(bar.lastChild, `${why} Roadlens keeps trying; what you see may be old.`);
});
