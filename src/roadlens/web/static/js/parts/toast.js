// What is said in passing: seen for some seconds, and read aloud.

import { announce, h } from "../dom.js";
import { current } from "../session.js";

const SECONDS = 5;
let place = null;

/**
 * Say that something is done. It takes no focus and needs no answer; what went wrong is told where it went wrong.
 * Nothing is said to whoever comes after the one who did it.
 */
export function toast(text) {
  if (current() === null) return;
  place ??= document.body.appendChild(h("div", { class: "toasts", "aria-hidden": "true" }));
  const one = h("div", { class: "toast" }, text);
  place.replaceChildren(one);
  announce(text);
  setTimeout(() => one.remove(), SECONDS * 1000);
}

/** What was said last concerns nobody any more. */
export function hush() {
  place?.replaceChildren();
  announce("");
}
