// What the cache stands on: workers and their leases, Redis, the check of itself, and the last changes.

import { h } from "../dom.js";
import { bytes, clock, count, moment, number, words } from "../format.js";
import { state } from "../parts/badge.js";
import { meter } from "../parts/figures.js";
import { facts } from "../parts/pairs.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { enumerated } from "./cache_words.js";

const explained = (...texts) => h("p", { class: "tools quiet" }, texts);

const LEASES = {
  held: ["good", "Held"],
  attaching: ["care", "Being taken"],
  late: ["bad", "Late"],
};

export function workers() {
  const list = table({
    caption: "Workers of Roadlens and their leases",
    key: (one) => one.worker_id,
    dense: true,
    columns: [
      { label: "Worker", head: true, cell: named },
      { label: "Lease", tight: true, cell: (one) => state(...(LEASES[one.lease] ?? [null, words(one.lease)])) },
      { label: "Since", cell: (one) => moment(one.attached_at) },
      { label: "Memory", cell: memory },
    ],
  });
  return panel({
    title: "Workers",
    kind: "full two-thirds",
    tall: 260,
    tools: explained(
      "A worker is a process that answers. It answers from memory only while it holds a lease, renewed twice a second; without " +
        "one it computes everything, so that nobody sees what has been edited since.",
    ),
    fill: { node: list.node, show: ({ workers: found }) => list.show(found.map(still)) },
    empty: { title: "No worker has a lease", text: "Each answer is computed until the database can be reached again." },
  });
}

/** Without what changes with every answer and is not shown: the row stays as it is. */
function still({ renewed_at: _, ...worker }) {
  return worker;
}

function named(one) {
  const answers = one.answers_this ? " · answers this page" : "";
  return [`Process ${one.pid}`, h("span", { class: "second" }, `on ${one.host}${answers}`)];
}

function memory({ memory_bytes: used, memory_limit_bytes: limit }) {
  if (!limit) return "–";
  return h("span", { class: "measured" }, meter(used / limit), `${bytes(used)} of ${bytes(limit)}`);
}

export function redis() {
  return panel({ title: "Redis", kind: "third", tall: 260, view: ({ redis: found }) => shared(found) });
}

function shared(found) {
  if (!found.configured)
    return [
      h("p", {}, state(null, "Not set up")),
      h(
        "p",
        { class: "quiet spaced" },
        "Roadlens needs none: each worker keeps answers in its own memory. With Redis, workers share what one of them has " +
          "computed, and a restart begins with answers that are kept. REDIS_HOST sets it up.",
      ),
    ];
  const known = [
    ["State", state(...standing(found))],
    ["Address", found.address],
    ["Server", found.server && `${words(found.server)} ${found.version ?? ""}`],
    ["Servers", found.cluster && found.servers ? number(found.servers) : null],
    ["Keys", found.keys === undefined ? null : number(found.keys)],
    ["Memory", found.used_bytes === undefined ? null : room(found)],
    ["Thrown out", found.evicted === undefined ? null : thrownOut(found.evicted)],
    ["Last trouble", found.trouble],
  ];
  const away =
    !found.usable && "No answer is lost or old: workers go on with their own memory and try Redis again by themselves.";
  return [
    facts(known.filter(([, value]) => value)),
    away && h("p", { class: "quiet spaced" }, away),
  ].filter(Boolean);
}

/** What a state of Redis is called. One that has just gone is usable until somebody has noticed, but tells nothing. */
function standing({ usable, keys }) {
  if (!usable) return ["bad", "Cannot be used"];
  return keys === undefined ? ["care", "Does not answer"] : ["good", "Connected"];
}

function thrownOut(evicted) {
  return evicted === 0 ? "Nothing: there is room" : `${count(evicted, "key", "keys")} for want of room`;
}

function room({ used_bytes: used, max_bytes: most }) {
  return most ? `${bytes(used)} of ${bytes(most)}` : `${bytes(used)}, no limit set`;
}

export function selfCheck() {
  const view = ({ audit }) => [
    h("p", {}, audit.stale > 0 ? state("bad", `${number(audit.stale)} stale`) : state("good", "Nothing stale")),
    h(
      "p",
      { class: "quiet spaced" },
      `${count(audit.audited, "kept answer was", "kept answers were")} computed again and compared: a sample of all hits. ` +
        "More than none stale is a mistake in Roadlens: report it with what stands here.",
    ),
    ...audit.findings.map(finding),
  ];
  return panel({ title: "Check of itself", kind: "third", tall: 160, view });
}

function finding(found) {
  return h(
    "p",
    { class: "told spaced" },
    `${moment(found.at)}: `,
    h("code", {}, found.key),
    ` differs in ${enumerated(found.differing)}.`,
  );
}

const CAUSES = { edit: "Edit", clear: "Cleared by hand", other: "Something else" };

export function invalidations() {
  const list = table({
    caption: "The last changes that made kept answers stale, the newest first",
    key: (one) => one.key,
    dense: true,
    columns: [
      { label: "When", tight: true, head: true, cell: (one) => h("span", { title: moment(one.at) }, clock(one.at)) },
      { label: "Cause", tight: true, cell: (one) => CAUSES[one.cause] ?? words(one.cause) },
      { label: "What changed", cell: (one) => (one.tables.length ? words(enumerated(one.tables)) : "–") },
      { label: "Now stale", cell: tags },
    ],
  });
  const numbered = (found) => found.map((one, index) => ({ ...one, key: `${one.at} ${found.length - index}` }));
  list.node.classList.add("scrolled");
  for (const [name, value] of [
    ["tabindex", "0"],
    ["role", "region"],
    ["aria-label", "Last changes"],
  ])
    list.node.setAttribute(name, value);
  return panel({
    title: "Last changes that made answers stale",
    kind: "full two-thirds",
    tall: 260,
    tools: explained(
      "An edit makes exactly those answers stale that show what was edited, on all workers, before it is confirmed. " +
        "These are the last 50 that the worker heard of which answers this page; the audit log has who made them.",
    ),
    fill: { node: list.node, show: ({ invalidations: found }) => list.show(numbered(found)) },
    empty: { title: "No change yet", text: "Nothing was edited since the worker that answers was started." },
  });
}

function tags(one) {
  const shown = one.tags.map((tag) => h("code", { class: "tag" }, tag));
  return h("span", { class: "row" }, shown, one.more > 0 && `and ${number(one.more)} more`);
}
