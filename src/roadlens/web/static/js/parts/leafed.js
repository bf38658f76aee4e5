// Lists that are leafed through by cursor: a panel with a table, and a whole page of one, with an export.

import { address } from "../api.js";
import { h } from "../dom.js";
import { exportButton } from "./export.js";
import { filters, narrowed, parameters, wanted } from "./filters.js";
import { leafer } from "./pager.js";
import { panel, room } from "./panel.js";
import { table } from "./table.js";

// Rows of a page that has the window for itself.
const LIMIT = 50;

/**
 * A panel of such a list, `{node, again()}`. `path` and `parameters()` are what is asked for, `columns` and `key` are
 * those of `table`, `row(item)` may add to an item what they show, `rows(items)` is told which are shown; `noun` and
 * `one` are many and a single one. The rest is as in `panel`. `again()` begins with the first page.
 */
export function leafed(
  page,
  {
    title,
    caption = title,
    noun,
    one = noun,
    path,
    parameters: asked = () => ({}),
    limit = LIMIT,
    columns,
    key,
    row = (item) => item,
    rows = () => {},
    kind = "",
    ...looks
  },
) {
  let after;
  const list = table({ caption, columns, key, dense: true });
  const leaf = leafer({ noun, one, moved });
  const shown = panel({ title, ...looks, kind: `full ${kind}`, foot: leaf.node, fill: { node: list.node, show } });

  function moved(to) {
    after = to;
    shown.refresh();
  }

  function again() {
    leaf.reset();
    moved(undefined);
  }

  function show({ items, next }) {
    // All that stood on this page has gone.
    if (items.length === 0 && after !== undefined) return void again();
    leaf.show({ next, count: items.length });
    rows(items);
    return list.show(items.map(row));
  }

  shown.follow(page, () => address(path, { ...asked(), limit, after }));
  return { node: shown.node, again };
}

/**
 * A whole page, `{again(), asked()}`: `name` is the list's in the API, as `trips`, and what it is called unless `noun`
 * says so; `heading` is the panel's, if it is not simply all of them; `fields` are those of `filters`; without any, `about` may stand in their place. `above` and `below` them stand
 * more tools: `more()` is what those ask for, `noted()` what they put into the address; `told()` is called when the
 * filters ask for something else. `actions` stand beside the heading, `none` is what is said when there is nothing at
 * all. `asked()` is what the filters ask for.
 */
export function listPage(page, { title, name, fields = [], actions = [], none, ...looks }) {
  const { heading, about = null, above = null, below = null, told = () => {}, ...given } = looks;
  const { more = () => ({}), noted = () => ({}), ...list } = given;
  const asked = wanted(page.query, fields);
  const narrowing = () => ({ ...parameters(asked, fields), ...more() });
  const changed = (change) => {
    Object.assign(asked, change);
    page.note({ ...asked, ...noted() });
    all.again();
    told(asked);
  };
  const tools = fields.length > 0 ? filters({ fields, asked, changed }) : null;
  const everything = () => {
    tools.clear();
    changed(wanted(new URLSearchParams(), fields));
  };
  const noun = list.noun ?? name;
  const button = () => h("button", { class: "button", type: "button", onclick: everything }, `Show all ${noun}`);
  const fewer = { title: `No ${noun} match`, text: "Nothing is like what is asked for above." };
  const empty = () => (narrowed(asked) ? { ...fewer, action: button() } : typeof none === "function" ? none() : none);
  const standing = [above, tools?.node ?? about, below].filter(Boolean);
  page.head(title, { actions: [exportButton(name, narrowing), ...actions] });
  const all = leafed(page, {
    title: heading ?? `All ${noun}`,
    noun,
    path: `/admin/${name}`,
    parameters: narrowing,
    tools: standing.length > 1 ? h("div", {}, standing) : standing[0],
    tall: room(640, 1000),
    empty,
    ...list,
  });
  page.main.append(all.node);
  return { again: all.again, asked: () => asked };
}
