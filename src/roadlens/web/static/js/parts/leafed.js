// Lists that are leafed through by cursor: a panel with a table, and a whole page that has filters and an export.

import { address } from "../api.js";
import { h } from "../dom.js";
import { exportButton } from "./export.js";
import { filters, narrowed, parameters, wanted } from "./filters.js";
import { leafer } from "./pager.js";
import { panel, room } from "./panel.js";
import { table } from "./table.js";

/**
 * A panel of such a list, `{node, again()}`. `path(after)` is what is asked for, `columns` and `key` are those of
 * `table`; the rest is as in `panel`. `again()` begins with the first page.
 */
export function leafed(page, { title, noun, path, columns, key, dense = false, ...looks }) {
  let after;
  const list = table({ caption: title, columns, key, dense });
  const moved = (to) => {
    after = to;
    one.refresh();
  };
  const leaf = leafer({ noun, moved });
  const show = ({ items, next }) => {
    leaf.show({ next, count: items.length });
    return list.show(items);
  };
  const one = panel({ title, kind: "full", foot: leaf.node, fill: { node: list.node, show }, ...looks });
  one.follow(page, () => path(after));
  const again = () => {
    leaf.reset();
    moved(undefined);
  };
  return { node: one.node, again };
}

/**
 * A whole page: `fields` are those of `filters`, `name` is the list's in the API, as `trips`. `none` is what is said
 * when there is nothing at all.
 */
export function listPage(page, { title, name, fields, columns, key, none }) {
  const asked = wanted(page.query, fields);
  const given = () => parameters(asked, fields);
  const changed = (change) => {
    Object.assign(asked, change);
    page.note(asked);
    list.again();
  };
  const everything = () => {
    const nothing = wanted(new URLSearchParams(), fields);
    for (const control of tools.querySelectorAll(".input")) control.value = "";
    changed(nothing);
  };
  const button = () => h("button", { class: "button", type: "button", onclick: everything }, `Show all ${name}`);
  const fewer = { title: `No ${name} match`, text: "Nothing is like what is asked for above." };
  const empty = () => (narrowed(asked) ? { ...fewer, action: button() } : none);
  const tools = filters({ fields, asked, changed });
  page.head(title, { actions: [exportButton(name, given)] });
  const path = (after) => address(`/admin/${name}`, { ...given(), limit: 50, after });
  const list = leafed(page, {
    title: `All ${name}`,
    noun: name,
    path,
    columns,
    key,
    dense: true,
    tools,
    tall: room(640, 1000),
    empty,
  });
  page.main.append(list.node);
}
