// What can be chosen while somebody types, as the browser offers it. Anything may be typed all the same.

import { read } from "../api.js";
import { h, replace, unique } from "../dom.js";

// Milliseconds without a key before it is asked.
const PAUSE = 200;

/**
 * Offer what `path(text)` finds below a form's input. `options(data)` gives `[{value, label}]`. An answer that fails
 * offers nothing, for the form says what is wrong when it is sent.
 */
export function suggest(input, { path, options }) {
  const list = h("datalist", { id: unique("offered") });
  let pause = null;
  let asked = null;
  input.setAttribute("list", list.id);
  input.after(list);

  async function offer() {
    const now = path(input.value.trim());
    if (now === asked) return;
    asked = now;
    const found = await read(now).catch(() => null);
    if (now !== asked) return;
    // It may be asked for again.
    if (found === null) return void (asked = null);
    replace(
      list,
      options(found.data).map((one) => h("option", one)),
    );
  }

  if (input === document.activeElement) offer();
  input.addEventListener("focus", offer);
  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(offer, PAUSE);
  });
}
