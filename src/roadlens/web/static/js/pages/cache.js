// The cache: how much work it saves, what it keeps, who keeps it, and what made answers go stale. One answer for all
// panels.

import { h } from "../dom.js";
import { bytes, count, number, quantity, share } from "../format.js";
import { icon } from "../icons.js";
import { act } from "../parts/act.js";
import { awaited, cards } from "../parts/figures.js";
import { panel } from "../parts/panel.js";
import { spark } from "../parts/spark.js";
import { table } from "../parts/table.js";
import { together } from "../parts/together.js";
import { mayEdit } from "../session.js";
import { clearCache } from "./cache_clear.js";
import { hitRate } from "./cache_history.js";
import { rates, summed } from "./cache_minutes.js";
import { invalidations, redis, selfCheck, workers } from "./cache_panels.js";
import { called } from "./cache_words.js";

export function open(page) {
  const clear = h(
    "button",
    { class: "button", type: "button", onclick: () => clearCache("*") },
    icon("remove"),
    "Clear …",
  );
  page.head("Cache", { actions: mayEdit() ? [clear] : [] });
  const source = together(page, () => "/admin/cache", { every: 10 });
  const parts = [now(), hitRate(page.signal), kinds(), workers(), redis(), invalidations(), selfCheck()];
  page.main.append(
    h(
      "div",
      { class: "grid" },
      parts.map((part) => part.node),
    ),
  );
  for (const part of parts) part.follow(source);
}

function now() {
  const view = (found) => [cards(figures(found))];
  const waiting = awaited("Hit rate, last hour", "Answers kept", "Workers", "Redis");
  return panel({ title: "The cache now", kind: "bare", tall: 122, waiting, view });
}

function figures(found) {
  const { hits, misses } = summed(found.history);
  const sum = (name) => found.prefixes.reduce((all, one) => all + one[name], 0);
  const held = found.workers.filter((one) => one.lease === "held").length;
  return [
    {
      label: "Hit rate, last hour",
      value: hits + misses > 0 ? share(hits / (hits + misses), 1) : "–",
      note:
        hits + misses > 0
          ? `${count(hits, "hit", "hits")}, ${count(misses, "miss", "misses")}`
          : "Nothing was asked for",
    },
    { label: "Answers kept", value: number(sum("entries")), note: `${bytes(sum("bytes"))} in memory` },
    { label: "Workers", value: number(found.workers.length), note: `${number(held)} with a lease` },
    { label: "Redis", ...redisNow(found.redis) },
  ];
}

function redisNow({ configured, usable, keys }) {
  if (!configured) return { value: "None", note: "Memory alone is used" };
  if (!usable || keys === undefined) return { value: "Away", note: "Memory goes on" };
  return { value: "Connected", note: count(keys, "key", "keys") };
}

function kinds() {
  const list = table({
    caption: "Kinds of answers that are kept",
    columns: columns(),
    key: (one) => one.key_prefix,
    dense: true,
  });
  const show = ({ prefixes, history }) =>
    list.show(prefixes.map((one) => ({ ...one, ...hour(history, one.key_prefix) })));
  return panel({
    title: "By kind of answer",
    kind: "full",
    tall: 440,
    tools: h(
      "p",
      { class: "tools quiet" },
      "A hit is answered from what is kept; a miss is computed, and kept then. Passed by: computed because the worker could " +
        "not be sure for a moment that nothing had changed. Counts are since the start of the workers.",
    ),
    fill: { node: list.node, show },
    empty: { title: "Nothing was asked for yet", text: "Kinds appear here with the first question to the API." },
  });
}

/** The last hour of a kind: its rate in each minute, and the rate of all. */
function hour(history, prefix) {
  const { hits, misses } = summed(history, prefix);
  return { minutes: rates(history, prefix), lately: hits + misses > 0 ? hits / (hits + misses) : null };
}

function columns() {
  const shown = [
    {
      label: "Answer",
      head: true,
      cell: (one) => [called(one.key_prefix), h("code", { class: "second" }, one.key_prefix)],
    },
    { label: "Hit rate, last hour", cell: (one) => h("span", { class: "row" }, spark(one.minutes), share(one.lately)) },
    { label: "Since start", end: true, cell: (one) => quantity(one.hit_rate, "%", 1) },
    { label: "Hits", end: true, cell: (one) => number(one.hits) },
    { label: "Misses", end: true, cell: (one) => number(one.misses) },
    { label: "Passed by", end: true, cell: (one) => number(one.bypasses) },
    { label: "Kept", end: true, cell: (one) => number(one.entries) },
    { label: "Size", end: true, cell: (one) => bytes(one.bytes) },
  ];
  const clear = (one) =>
    act({ label: "Clear", of: called(one.key_prefix), name: "remove", does: () => clearCache(`*${one.key_prefix}*`) });
  return mayEdit() ? [...shown, { label: "Clear", actions: true, cell: clear }] : shown;
}
