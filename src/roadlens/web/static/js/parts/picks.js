// Rows of a list that are picked, to do the same to all of them: a box in each row, one for the whole page, and keys.

import { h, say } from "../dom.js";
import { count } from "../format.js";

/**
 * `{column, node, picked(), shown(rows), clear()}`. `column` is the table's first; `node` says how many are picked, and
 * picks the whole page. `key(row)` names a row, `named(row)` says which it is; `one`, `many`: what is picked. `keys` are
 * letters and what each does while a box has the focus: `{d: (rows) => …}` gets the picked rows, or the one of the box,
 * once however long it is held down.
 */
export function picks({ key, named, one, many, keys = {} }) {
  const chosen = new Set();
  let rows = [];
  const told = h("span", { class: "picked", role: "status" });
  const all = h("input", { class: "tick", type: "checkbox", onchange: () => pickAll(all.checked) });
  const node = h("div", { class: "row" }, h("label", { class: "row" }, all, "All on this page"), told);

  const box = (row) =>
    h("input", {
      class: "tick",
      type: "checkbox",
      "aria-label": `Select ${named(row)}`,
      "data-pick": key(row),
      checked: chosen.has(key(row)),
      onchange: (event) => pick(key(row), event.currentTarget.checked),
      onkeydown: (event) => pressed(event, row),
    });

  function pick(name, wanted) {
    if (wanted) chosen.add(name);
    else chosen.delete(name);
    tell();
  }

  function pickAll(wanted) {
    for (const row of rows) pick(key(row), wanted);
    for (const found of boxes()) found.checked = chosen.has(found.dataset.pick);
  }

  function pressed(event, row) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const does = keys[event.key];
    if (!step && !does) return;
    event.preventDefault();
    if (step) boxes()[boxes().indexOf(event.currentTarget) + step]?.focus();
    else if (!event.repeat) does(chosen.size > 0 ? picked() : [row]);
  }

  function picked() {
    return rows.filter((row) => chosen.has(key(row)));
  }

  function tell() {
    all.checked = rows.length > 0 && chosen.size === rows.length;
    all.indeterminate = chosen.size > 0 && !all.checked;
    say(told, chosen.size > 0 ? `${count(chosen.size, one, many)} selected` : "");
  }

  /** These are on the page now; what is not on it is picked no more. */
  function shown(now) {
    rows = now;
    const there = new Set(now.map(key));
    for (const name of chosen) if (!there.has(name)) chosen.delete(name);
    tell();
  }

  return { column: { label: "Select", tight: true, cell: box }, node, picked, shown, clear: () => pickAll(false) };
}

function boxes() {
  return [...document.querySelectorAll("[data-pick]")];
}
