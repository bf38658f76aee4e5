// A table that keeps itself: rows that have not changed are left alone, so that focus, selection and scroll stay.

import { h } from "../dom.js";
import { icon } from "../icons.js";

/**
 * `{node, show(rows), sorted(name, order)}`.
 *
 * `columns`: `{label, cell(row)}` gives text, a node, or a list of them; `head: true` names the row, `end: true` is
 * for numbers, `tight: true` takes no more room than it needs, `actions: true` holds buttons. `sort: "risk"` can be
 * sorted by, first in the order `first` (`asc` or `desc`). `key(row)` names a row. `sorting(name, order)` is called
 * when somebody sorts.
 */
export function table({ caption, columns, key, sorting, dense = false, captionSeen = false }) {
  const heads = columns.map((column) => heading(column, () => turn(column)));
  const bodyPart = h("tbody", { role: "rowgroup" });
  const node = h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: `table ${dense ? "dense" : ""}`, role: "table" },
      h("caption", { class: captionSeen ? "" : "unseen" }, caption),
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          heads.map((head) => head.node),
        ),
      ),
      bodyPart,
    ),
  );
  const rows = new Map();
  let sort = { name: null, order: null };

  function turn(column) {
    const other = sort.order === "asc" ? "desc" : "asc";
    const order = sort.name === column.sort ? other : (column.first ?? "asc");
    sorted(column.sort, order);
    sorting(column.sort, order);
  }

  /** Say by what it is sorted. */
  function sorted(name, order) {
    sort = { name, order };
    columns.forEach((column, index) => {
      if (!column.sort) return;
      const way = column.sort === name ? (order === "desc" ? "descending" : "ascending") : "none";
      heads[index].node.setAttribute("aria-sort", way);
    });
  }

  return { node, show: (data) => keep(bodyPart, rows, columns, key, data), sorted };
}

/** Let the body have these rows, in this order. Those that have not changed stay as they are. */
function keep(body, rows, columns, key, data) {
  const names = new Set(data.map((row) => String(key(row))));
  let lost = null;
  for (const [name, row] of rows) {
    if (names.has(name)) continue;
    const had = document.activeElement;
    if (row.node.contains(had)) lost = { place: [...body.children].indexOf(row.node), box: had.matches("input") };
    row.node.remove();
    rows.delete(name);
  }
  data.forEach((value, index) => {
    const name = String(key(value));
    const text = JSON.stringify(value);
    const row = rows.get(name) ?? { node: h("tr", { role: "row" }), text: null };
    if (row.text !== text) fillRow(row.node, columns, value);
    row.text = text;
    rows.set(name, row);
    const there = body.children[index];
    if (there !== row.node) body.insertBefore(row.node, there ?? null);
  });
  // The row that had the focus has gone: the one in its place gets it.
  const instead = lost === null ? null : body.children[Math.min(lost.place, data.length - 1)];
  instead?.querySelector(lost.box ? "input" : "a, button")?.focus({ preventScroll: true });
  return data.length > 0;
}

/** New cells in a row. If one of its buttons or links had the focus, the one in its place gets it. */
function fillRow(node, columns, value) {
  const reachable = () => [...node.querySelectorAll("a, button, input")];
  const focused = reachable().indexOf(document.activeElement);
  node.replaceChildren(...columns.map((column) => cell(column, value)));
  if (focused >= 0) reachable()[focused]?.focus({ preventScroll: true });
}

function cell(column, value) {
  const looks = { class: classes(column), "data-label": column.head || column.actions ? null : column.label };
  if (column.head) return h("th", { scope: "row", role: "rowheader", ...looks }, column.cell(value));
  return h("td", { role: "cell", ...looks }, column.cell(value));
}

function heading(column, turn) {
  const looks = { scope: "col", role: "columnheader", class: classes(column) };
  if (column.actions) return { node: h("th", looks, h("span", { class: "unseen" }, column.label)) };
  if (!column.sort) return { node: h("th", looks, column.label) };
  const button = h("button", { class: "sort", type: "button", onclick: turn }, column.label, icon("sort"));
  return { node: h("th", { ...looks, "aria-sort": "none" }, button) };
}

function classes({ end, tight, actions }) {
  return [end && "end", tight && "tight", actions && "actions"].filter(Boolean).join(" ");
}

/** A small table of texts that never changes place: what stands behind a chart. `columns`: names; `rows`: lists. */
export function plainTable(caption, columns, rows) {
  return h(
    "table",
    { class: "table dense" },
    h("caption", { class: "unseen" }, caption),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        columns.map((name, index) => h("th", { scope: "col", class: index ? "end" : "" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map(([first, ...rest], index) =>
        h(
          "tr",
          { "data-row": index },
          h("th", { scope: "row" }, first),
          rest.map((text, place) => h("td", { class: "end", "data-label": columns[place + 1] }, text)),
        ),
      ),
    ),
  );
}
