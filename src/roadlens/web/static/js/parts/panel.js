// A piece of a page with a title: how fresh it is, its shape while it loads, and what stands there if there is
// nothing.

import { h, say, settle, unique } from "../dom.js";
import { quantity } from "../format.js";
import { icon } from "../icons.js";

// Seconds after which an answer is late: longer than any is kept.
const LATE = 330;
const told = new Set();
let ticking = null;

/**
 * A panel, `{node, follow(page, path, {every}), refresh(), redraw()}`. What it shows is either
 *
 * - `view(data)`: nodes, made anew for each answer; those that look the same as before are left alone. null: nothing.
 * - `fill: {node, show(data)}`: a part that keeps itself, such as a table or a chart. `show` gives false: nothing.
 *
 * `waiting` is its shape until then, if lines of grey are not. `empty` is what is said when there is nothing: `{title, text, action}`, or a function that gives it. `tall` is the
 * height in pixels that is held free, so that nothing moves when numbers come. `tools` stand above, `foot` below,
 * `actions` beside the title. `kind`: `bare` without a frame, `full` without an inner margin, or a width in a grid
 * (`half`, `third`, …).
 */
export function panel({
  title,
  tall = 160,
  actions = [],
  tools = null,
  foot = null,
  kind = "",
  waiting = skeleton(tall),
  view,
  fill,
  empty = {},
}) {
  const id = unique("panel");
  const fresh = h("span", { class: "fresh", "data-state": "none" }, "\u00a0");
  const content = h("div", { class: "panel-content" }, fill?.node);
  const body = h("div", { class: "panel-body", style: { "min-height": `${tall}px` } }, waiting);
  const head = h("div", { class: "panel-head" }, h("h2", { id }, title), actions, fresh);
  const node = h(
    "section",
    { class: `panel ${kind}`, "aria-labelledby": id, "aria-busy": "true" },
    head,
    tools,
    body,
    foot,
  );
  let following = null;
  let latest = null;

  function put(child) {
    node.removeAttribute("aria-busy");
    node.toggleAttribute("data-failed", child.dataset.kind === "error");
    // Where a table would be long, there is no need to scroll past its empty room.
    const held = child.classList.contains("state") ? Math.min(tall, room(tall, 240)) : tall;
    body.style.setProperty("min-height", `${held}px`);
    if (body.firstChild !== child) body.replaceChildren(child);
  }

  function shown(answer) {
    latest = answer;
    const { data } = answer;
    if (fill) {
      put(content);
      if (fill.show(data) === false) put(nothing(empty));
      return;
    }
    const seen = view(data);
    if (seen === null) return put(nothing(empty));
    settle(content, seen);
    put(content);
  }

  function state({ answer, problem, loading }) {
    node.toggleAttribute("data-loading", Boolean(loading && answer));
    if (answer) tell(fresh, answer, problem);
    // What was seen stays while the server is away, but not when it refuses.
    const refused = problem && problem.status !== 401 && !problem.unreachable;
    if (!refused && !(problem && !answer)) return;
    if (body.firstChild.dataset.problem !== problem.message) put(failed(problem, () => following.refresh()));
  }

  return {
    node,
    follow(page, path, { every } = {}) {
      following = page.live({ path, every, shown, state });
      return following;
    },
    refresh: () => following?.refresh(),
    redraw: () => latest && shown(latest),
  };
}

/** The height that is held free, where tables are sheets one below the other and where they are not. */
export function room(wide, narrow) {
  return matchMedia("(max-width: 699px)").matches ? narrow : wide;
}

/** Grey room for what comes. */
export function skeleton(tall) {
  const lines = Math.max(1, Math.floor((tall - 8) / 40));
  const line = () => h("span", { class: "skeleton", style: { height: "24px" } });
  return h("div", { class: "stack", "aria-hidden": "true" }, Array.from({ length: lines }, line));
}

/** There is nothing to show: why, and what to do about it. */
export function nothing(empty = {}) {
  const { title = "Nothing here yet", text = "", action = null } = typeof empty === "function" ? empty() : empty;
  return h("div", { class: "state" }, icon("nothing"), h("strong", {}, title), text && h("p", {}, text), action);
}

/** It could not be read. */
export function failed(problem, again) {
  const title = problem.unreachable ? "The server does not answer" : "This could not be read";
  const text = problem.unreachable ? "It is asked again by itself." : problem.message;
  const button = h("button", { class: "button", type: "button", onclick: again }, "Try again");
  const looks = { class: "state", "data-kind": "error", "data-problem": problem.message };
  return h("div", looks, icon("trouble"), h("strong", {}, title), h("p", {}, text), button);
}

function tell(fresh, answer, problem) {
  fresh.computed = answer.at - answer.age * 1000;
  fresh.kept = answer.kept;
  fresh.failing = Boolean(problem);
  told.add(fresh);
  age(fresh);
  ticking ??= setInterval(tick, 1000);
}

function tick() {
  for (const fresh of told) {
    if (fresh.isConnected) age(fresh);
    else told.delete(fresh);
  }
}

const MEANINGS = {
  new: "Computed for this view.",
  kept: "From the cache; an edit makes it anew at once.",
  late: "The server did not answer the last time.",
};

function age(fresh) {
  const seconds = Math.max(0, Math.round((Date.now() - fresh.computed) / 1000));
  const old = seconds < 100 ? `${quantity(seconds, "s")} old` : `${quantity(Math.round(seconds / 60), "min")} old`;
  say(fresh, fresh.failing ? `${old} · no answer` : fresh.kept ? `${old} · kept` : old);
  const state = fresh.failing || seconds > LATE ? "late" : fresh.kept ? "kept" : "new";
  if (fresh.dataset.state === state) return;
  fresh.dataset.state = state;
  fresh.title = MEANINGS[state];
}
