// The way through a list: by place, where the API counts, or by cursor, where it only says what comes next.

import { h, say, unique } from "../dom.js";
import { number } from "../format.js";
import { icon } from "../icons.js";

const LIMITS = [25, 50, 100, 250];

/**
 * For lists with `skip` and `limit`: `{node, show({total, total_capped, skip, limit, count})}`. `moved({skip,
 * limit})` is called when somebody leafs; `noun` is what is counted, in the plural.
 */
export function pager({ noun, moved }) {
  const told = h("span", { class: "counted", "aria-live": "polite" }, "\u00a0");
  const id = unique("pager");
  const sizes = h(
    "select",
    { class: "input", id },
    LIMITS.map((limit) => h("option", { value: limit }, limit)),
  );
  let now = { total: 0, skip: 0, limit: 50 };
  const first = step("first", "First page", () => go(0));
  const back = step("previous", "Previous page", () => go(Math.max(0, now.skip - now.limit)));
  const on = step("next", "Next page", () => go(now.skip + now.limit));
  const end = step("last", "Last page", () => go(lastPage(now)));
  sizes.addEventListener("change", () => {
    const limit = Number(sizes.value);
    moved({ limit, skip: Math.floor(now.skip / limit) * limit });
  });

  function go(skip) {
    moved({ skip, limit: now.limit });
  }

  function show({ total, total_capped: capped, skip, limit, count }) {
    now = { total, skip, limit };
    sizes.value = String(limit);
    const of = capped ? `more than ${number(total)}` : number(total);
    say(told, count ? `${number(skip + 1)}–${number(skip + count)} of ${of} ${noun}` : `No ${noun}`);
    enable(first, skip > 0);
    enable(back, skip > 0);
    enable(on, capped ? count === limit : skip + count < total);
    enable(end, !capped && skip + count < total);
  }

  return {
    node: h("div", { class: "pager" }, told, h("label", { for: id }, "Rows", sizes), steps(first, back, on, end)),
    show,
  };
}

/** What is left out before the last page. */
export function lastPage({ total, limit }) {
  return Math.max(0, Math.floor((total - 1) / limit) * limit);
}

/**
 * For lists `{items, next}`: `{node, show({next, count}), reset()}`. `moved(after)` is called with the cursor of the
 * page that is wanted, undefined for the first. `reset()` begins anew, after another filter. `one` is a single one.
 */
export function leafer({ noun, one = noun, moved }) {
  const told = h("span", { class: "counted", "aria-live": "polite" }, "\u00a0");
  const way = [undefined];
  // What follows the page that is seen, and which one that is: who is faster than the answers has gone on already.
  let [following, seen] = [null, 1];
  const first = step("first", "First page", () => go(way.splice(1)));
  const back = step("previous", "Previous page", () => way.length > 1 && go(way.pop()));
  const on = step("next", "Next page", () => way.length === seen && go(way.push(following)));

  function go() {
    moved(way.at(-1));
  }

  function show({ next, count }) {
    [following, seen] = [next, way.length];
    say(told, count ? `Page ${number(way.length)}: ${number(count)} ${count === 1 ? one : noun}` : `No ${noun}`);
    enable(first, way.length > 1);
    enable(back, way.length > 1);
    enable(on, next !== null);
  }

  return { node: h("div", { class: "pager" }, told, steps(first, back, on)), show, reset: () => way.splice(1) };
}

function step(name, label, does) {
  const press = (event) => event.currentTarget.getAttribute("aria-disabled") === "true" || does();
  return h(
    "button",
    { class: "button plain square", type: "button", "aria-label": label, title: label, onclick: press },
    icon(name),
  );
}

function steps(...buttons) {
  return h("div", { class: "row", role: "group", "aria-label": "Pages" }, buttons);
}

// Not `disabled`: a button that is pressed to the end would lose the focus.
function enable(button, enabled) {
  button.setAttribute("aria-disabled", String(!enabled));
}
