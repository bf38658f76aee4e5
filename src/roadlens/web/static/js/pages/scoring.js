// What scores are made by: the versions there are, and every number of one, in words, with its unit and its source.

import { h } from "../dom.js";
import { day, number, share } from "../format.js";
import { state } from "../parts/badge.js";
import { panel, room } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { together } from "../parts/together.js";
import { groups, meaning, written } from "./scoring_words.js";

const STATES = {
  active: ["good", "Active"],
  ready: ["care", "Ready to switch to"],
  rebuilding: ["care", "Being rebuilt"],
  draft: [null, "Draft"],
  retired: [null, "Retired"],
};
// Those that differ in more are told by how many.
const MOST_DIFFERENCES = 6;
const ABOUT =
  "A version is a table of thresholds, weights and means; every score names the one that made it. Versions are drafted, " +
  "rebuilt, compared and switched to by the command roadlens score, for that moves every score.";

export function open(page) {
  page.head("Scoring");
  const asked = page.query.get("version") ?? "";
  let wanted = /^[1-9]\d{0,8}$/.test(asked) ? asked : null;
  let following = null;
  const values = valuesPanel();
  const show = (version) => {
    wanted = String(version);
    page.note({ version: wanted });
    following?.refresh();
    values.node.scrollIntoView({ block: "nearest" });
  };
  const versions = versionsPanel(show);
  page.main.append(h("div", { class: "column" }, versions.node, values.node));
  // Which one is active is known when the list is there.
  let active = null;
  const told = ({ items }) => {
    const now = items.find((one) => one.state === "active").version;
    const changed = active !== null && active !== now;
    active = now;
    following ??= values.follow(page, () => `/admin/score-versions/${wanted ?? active}`);
    if (changed) following.refresh();
  };
  versions.follow(together(page, () => "/admin/score-versions", { told }));
}

function versionsPanel(show) {
  const list = table({
    caption: "Versions of the scoring",
    columns: [
      { label: "Version", head: true, cell: (one) => named(one, show) },
      { label: "State", cell: standing },
      { label: "Made", tight: true, cell: (one) => day(one.created_at.slice(0, 10)) },
      { label: "Differs from the active one", cell: differences },
    ],
    key: (one) => one.version,
    dense: true,
  });
  const fill = { node: list.node, show: ({ items }) => list.show(items) };
  const about = h("p", { class: "tools quiet small" }, ABOUT);
  return panel({ title: "Versions", kind: "full", tall: room(90, 160), tools: about, fill });
}

function named(one, show) {
  const looks = { class: "as-link", type: "button", onclick: () => show(one.version) };
  return [h("button", looks, `Version ${one.version}`), h("span", { class: "second" }, one.note ?? one.formula)];
}

function standing(one) {
  const [kind, text] = STATES[one.state] ?? [null, one.state];
  return [state(kind, text), one.progress !== null && h("span", { class: "second" }, share(one.progress))];
}

function differences(one) {
  if (one.differs.length === 0) return h("span", { class: "quiet" }, "Nothing");
  const told = one.differs.slice(0, MOST_DIFFERENCES).map((each) => {
    const whose = each.vehicle_class ? ` (${each.vehicle_class})` : "";
    return h("div", { class: "small" }, `${meaning(each.name)}${whose}: ${plain(each.active)} → ${plain(each.value)}`);
  });
  const more = one.differs.length - told.length;
  return [told, more > 0 && h("div", { class: "small quiet" }, `and ${number(more)} more`)];
}

function plain(value) {
  return value === null ? "–" : String(value);
}

function valuesPanel() {
  const open = new Set(["risk"]);
  const view = (version) => {
    const heading = `Version ${version.version}, ${(STATES[version.state]?.[1] ?? version.state).toLowerCase()}`;
    const note = version.note && h("p", {}, version.note);
    return [h("p", {}, h("strong", {}, heading), ` · ${version.formula}`), note, parts(version, open)].filter(Boolean);
  };
  return panel({ title: "Every number", tall: room(700, 1400), view });
}

function parts(version, open) {
  const all = groups(version.values.filter((one) => one.value !== null));
  const own = version.classes.map((one) => ({
    id: `class-${one.vehicle_class}`,
    title: `Only for vehicles of the class ${one.vehicle_class}`,
    values: one.values,
  }));
  return [...all, ...own].map((group) => {
    const turned = (event) => open[event.currentTarget.open ? "add" : "delete"](group.id);
    const looks = { class: "numbers", open: open.has(group.id), ontoggle: turned };
    const many = h("span", { class: "quiet" }, ` ${number(group.values.length)}`);
    return h("details", looks, h("summary", {}, group.title, many), numbers(group));
  });
}

function numbers({ title, values }) {
  return h(
    "table",
    { class: "table dense" },
    h("caption", { class: "unseen" }, title),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "What"),
        h("th", { scope: "col", class: "end" }, "Value"),
        h("th", { scope: "col" }, "Source"),
      ),
    ),
    h("tbody", {}, values.map(row)),
  );
}

function row(one) {
  const other = one.active !== one.value && h("span", { class: "second" }, `active: ${plain(one.active)}`);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, meaning(one.name), h("span", { class: "second" }, h("code", {}, one.name))),
    h("td", { class: "end", "data-label": "Value" }, written(one), other),
    h("td", { "data-label": "Source" }, h("span", { class: "small" }, one.source)),
  );
}
