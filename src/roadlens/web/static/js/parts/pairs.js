// Names with a value each, one below the other.

import { h } from "../dom.js";

/** `list`: `[label, value]`; a value may be a node. */
export function pairs(list) {
  return h(
    "dl",
    { class: "pairs" },
    list.map(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]),
  );
}
