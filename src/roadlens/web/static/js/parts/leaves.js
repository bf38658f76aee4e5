// A list by cursor that is leafed through: its table, the way through its pages, and the way back when its last page
// has gone.

import { address } from "../api.js";
import { leafer } from "./pager.js";

// Rows of a page.
const LIMIT = 50;

/** `{fill, foot, path(), follow(page, panel)}`: what a panel shows and follows. `list` is a table, `noun` what it lists, `one` a single one. */
export function leaves({ path, parameters = {}, list, noun, one }) {
  let after;
  let panel = null;
  const leaf = leafer({
    noun,
    one,
    moved: (to) => {
      after = to;
      panel.refresh();
    },
  });

  function show(found) {
    // All that stood on this page has been deleted.
    if (found.items.length === 0 && after !== undefined) {
      leaf.reset();
      after = undefined;
      return void panel.refresh();
    }
    leaf.show({ next: found.next, count: found.items.length });
    return list.show(found.items);
  }

  return {
    fill: { node: list.node, show },
    foot: leaf.node,
    follow(page, shown) {
      panel = shown;
      return panel.follow(page, () => address(path, { ...parameters, limit: LIMIT, after }));
    },
  };
}
