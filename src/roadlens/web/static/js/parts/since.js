// How long ago something was. It goes on while the page stands, though nothing new is answered.

import { h, say } from "../dom.js";
import { ago, moment } from "../format.js";

// Milliseconds.
const EVERY = 10_000;
let ticking = null;

/** `text` is a moment as the API gives it. */
export function since(text) {
  ticking ??= setInterval(tick, EVERY);
  return h("span", { title: moment(text), "data-since": text }, ago(text));
}

function tick() {
  for (const one of document.querySelectorAll("[data-since]")) say(one, ago(one.dataset.since));
}
