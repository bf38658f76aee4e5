// The buttons at the end of a row: a drawing to see, and a name that says what it does to whom.

import { h } from "../dom.js";
import { icon } from "../icons.js";

/** `label` is what it does, `of` to whom or what; `name` is its drawing. With `href` it leads to a page. */
export function act({ label, of, name, does, href }) {
  const looks = { class: "button plain square", title: label, "aria-label": `${label} ${of}` };
  if (href) return h("a", { ...looks, href }, icon(name));
  return h("button", { ...looks, type: "button", onclick: does }, icon(name));
}
