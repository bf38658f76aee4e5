// Names with a value each, one below the other. A value is a text or a node.

import { h } from "../dom.js";

/** `list`: `[label, value]`; numbers, at the right and between lines. */
export const pairs = (list) => described("pairs", list);

/** The same for texts: they begin right behind the labels, and may take several lines. */
export const facts = (list) => described("facts", list);

function described(kind, list) {
  return h(
    "dl",
    { class: kind },
    list.map(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]),
  );
}
