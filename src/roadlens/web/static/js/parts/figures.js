// Numbers in their plainest forms: a card, a bar beside its number, a place on the scale of risk. Drawn by the style
// sheet.

import { h } from "../dom.js";

/** Cards side by side; each `{label, value, note, more}`: texts, and `more` a node below. */
export function cards(list) {
  return h(
    "dl",
    { class: "cards" },
    list.map(({ label, value, note = "", more = null }) =>
      h(
        "div",
        { class: "card" },
        h("dt", {}, label),
        h("dd", { class: "figure" }, value),
        more && h("dd", {}, more),
        h("dd", { class: "note" }, note),
      ),
    ),
  );
}

/** The same cards while their numbers are on the way. */
export function awaited(...labels) {
  return cards(labels.map((label) => ({ label, value: grey(), note: "\u00a0" })));
}

/** Grey room for a number. */
export function grey() {
  return h("span", { class: "skeleton" });
}

/** Numbers with bars, as a table: rows `{label, share, value, note, risk}`, `label` a text or a node, `share` of 0–1. */
export function bars({ caption, rows }) {
  return h(
    "table",
    { class: "bars" },
    h("caption", { class: "unseen" }, caption),
    h(
      "tbody",
      {},
      rows.map(({ label, share, value, note, risk = null }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, label),
          h("td", { class: "bar", "aria-hidden": "true" }, meter(share, risk)),
          h("td", { class: "value" }, value),
          note !== undefined && h("td", { class: "value" }, note),
        ),
      ),
    ),
  );
}

/** A bar that is filled to a share of 0–1. The number stands beside it. */
export function meter(share, risk = null) {
  const width = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
  return h(
    "span",
    { class: "meter", "data-risk": risk, "aria-hidden": "true" },
    h("span", { style: { "--share": width } }),
  );
}

/** Where a score of 0–100 lies between low, medium and high. The number stands beside it. */
export function scale(value) {
  const mark = value !== null && value !== undefined && h("b", { style: { "--share": `${value}%` } });
  return h("span", { class: "scale", "aria-hidden": "true" }, h("i"), h("i"), h("i"), mark);
}
