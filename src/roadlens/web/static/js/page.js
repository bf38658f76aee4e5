// One page's life: it is opened with what it may use, and whatever it began ends when it is left.

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { live, stopAll } from "./live.js";
import { link, note } from "./router.js";
import { load } from "./routes.js";

const AGAIN = "roadlens.loaded-anew";
let visited = null;

/**
 * Open the route's page in `main`. The page's module exports `open(page)`, and gets
 *
 *     page.main                 the element to fill, empty
 *     page.named                what the path names: {driver_id}
 *     page.query                the parameters of the address, URLSearchParams
 *     page.head(title, {crumbs: [{label, parts}], actions: [node]})   the heading, and the title of the window
 *     page.note({name: value})  put parameters into the address, so that it can be shared and gone back to
 *     page.live(options)        see live.js; ends with the page
 *     page.signal               aborted when the page is left
 *
 * Resolves to whether it was opened: another one may have been asked for meanwhile.
 */
export async function visit(main, route, named, query) {
  visit.leave();
  const visiting = (visited = new AbortController());
  const module = await load(route).catch(loadAnew);
  if (visiting.signal.aborted || module === undefined) return false;
  replace(main);
  if (module === null) return unloaded(main, route, () => visit(main, route, named, query));
  // What comes late must not change the address of the page that stands there by then.
  const noted = (parameters) => visiting.signal.aborted || note(parameters);
  const headed = (...given) => head(main, ...given);
  module.open({ main, named, query, note: noted, live, head: headed, signal: visiting.signal });
  return true;
}

/** Whatever page is open is left. */
visit.leave = () => {
  visited?.abort();
  stopAll();
  for (const dialog of document.querySelectorAll("dialog.dialog")) dialog.close();
};

/** A signal that is aborted when the page that is open now is left. */
export function leaving() {
  return visited.signal;
}

/** What the page is about does not exist, or no longer: say so in place of all panels, and ask for nothing more. */
export function missing(page, title, text, { label, parts }) {
  stopAll();
  for (const panel of page.main.querySelectorAll(":scope > :not(.page-head)")) panel.remove();
  page.head(title, { crumbs: [{ label, parts }] });
  const back = h("a", { class: "button", href: link(parts) }, `Go to ${label.toLowerCase()}`);
  page.main.append(h("div", { class: "state" }, icon("nothing"), h("p", { role: "status" }, text), back));
}

/** The address is of no page. */
visit.nowhere = (main) => {
  visit.leave();
  replace(main);
  head(main, "There is no such page");
  main.append(
    h(
      "div",
      { class: "state" },
      icon("nothing"),
      h("p", {}, "The address leads nowhere. It may have been mistyped, or what it showed has gone."),
      h("a", { class: "button", href: link([]) }, "Go to the overview"),
    ),
  );
  return true;
};

function head(main, title, { crumbs = [], actions = [] } = {}) {
  document.title = `${title} · Roadlens`;
  const way =
    crumbs.length > 0 &&
    h(
      "nav",
      { class: "crumbs", "aria-label": "Way back" },
      crumbs.map(({ label, parts }) => h("a", { href: link(parts) }, label)),
    );
  const before = main.querySelector(":scope > .page-head");
  const reachable = (node) => [...node.querySelectorAll("a, button, h1")];
  const focus = before?.contains(document.activeElement) ? document.activeElement : null;
  const place = focus && reachable(before).indexOf(focus);
  const made = h("header", { class: "page-head" }, way, h("h1", { tabindex: "-1" }, title), actions);
  if (before === null) return main.prepend(made);
  before.replaceWith(made);
  // Whatever had the focus keeps it, or what stands in its place gets it.
  const keeps = focus && (focus.isConnected ? focus : reachable(made)[place]);
  keeps?.focus({ preventScroll: true });
}

/**
 * A page's file has not come. If the server is there, it has another version by now: the whole of it is loaded, once.
 * Else null, for a server that is away would leave nothing at all.
 */
async function loadAnew() {
  const last = Number(sessionStorage.getItem(AGAIN) ?? 0);
  if (Date.now() - last < 10_000) return null;
  const there = await fetch("", { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (!there?.ok) return null;
  sessionStorage.setItem(AGAIN, String(Date.now()));
  location.reload();
}

function unloaded(main, { label }, again) {
  head(main, label ?? "Roadlens");
  const button = h("button", { class: "button", type: "button", onclick: () => again() }, "Try again");
  const text = h("strong", { role: "status" }, "This page could not be loaded");
  main.append(h("div", { class: "state" }, icon("trouble"), text, h("p", {}, "Its file did not come."), button));
  return true;
}
