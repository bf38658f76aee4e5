// One of a few, side by side: how many days a chart looks back.

import { h, say } from "../dom.js";

/**
 * `{node, value, say(value, text)}`. `options`: `[{value, label}]`; `chosen(value)` is called when another one is taken.
 * `say` gives an option another text.
 */
export function choice({ label, options, value, chosen }) {
  const one = { value };
  const buttons = options.map((option) =>
    h(
      "button",
      { type: "button", "aria-pressed": String(option.value === value), onclick: () => take(option.value) },
      option.label,
    ),
  );
  function take(taken) {
    if (taken === one.value) return;
    one.value = taken;
    options.forEach((option, index) => buttons[index].setAttribute("aria-pressed", String(option.value === taken)));
    chosen(taken);
  }
  one.say = (named, text) => say(buttons[options.findIndex((option) => option.value === named)], text);
  one.node = h("div", { class: "segments", role: "group", "aria-label": label }, buttons);
  return one;
}
