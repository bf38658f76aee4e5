// All drivers: searched, filtered, sorted and leafed through by the address, so that a view can be shared and gone
// back to.

import { address } from "../api.js";
import { h } from "../dom.js";
import { fullName, number, quantity } from "../format.js";
import { icon } from "../icons.js";
import { link } from "../router.js";
import { act } from "../parts/act.js";
import { score } from "../parts/badge.js";
import { exportButton } from "../parts/export.js";
import { filters, narrowed } from "../parts/filters.js";
import { lastPage, pager } from "../parts/pager.js";
import { panel } from "../parts/panel.js";
import { since } from "../parts/since.js";
import { table } from "../parts/table.js";
import { mayEdit } from "../session.js";
import { createDriver, deleteDriver, editDriver } from "./driver_editor.js";

const LEVELS = [
  ["", "All levels"],
  ["low", "Low"],
  ["medium", "Medium"],
  ["high", "High"],
];

const FIELDS = [
  { name: "search", label: "Search", kind: "search", placeholder: "Name, ID or e-mail address" },
  { name: "risk_level", label: "Risk", kind: "choice", options: LEVELS },
];

export function open(page) {
  const asked = wanted(page.query);
  const list = table({
    caption: "Drivers",
    columns: columns(),
    key: (driver) => driver.driver_id,
    sorting: (sort, order) => go({ sort, order, skip: 0 }),
  });
  const leaf = pager({ noun: "drivers", moved: go });
  const tools = filters({ fields: FIELDS, asked, changed: (change) => go({ ...change, skip: 0 }) });
  const everything = () => {
    tools.clear();
    go({ search: "", risk_level: "", skip: 0 });
  };
  const one = panel({
    title: "All drivers",
    kind: "full",
    tall: 640,
    tools: tools.node,
    foot: leaf.node,
    fill: { node: list.node, show },
    empty: () => empty(asked, everything),
  });

  const all = () => ({ ...asked, limit: null, skip: null });
  const files = [exportButton("drivers", all), exportButton("risk", all, "Export reasons")];
  page.head("Drivers", { actions: [...files, mayEdit() && create()] });
  page.main.append(one.node);
  list.sorted(asked.sort, asked.order);
  one.follow(page, () => address("/admin/drivers", asked));

  function go(change) {
    Object.assign(asked, change);
    page.note({ ...asked, limit: asked.limit === 50 ? null : asked.limit, skip: asked.skip || null });
    one.refresh();
  }

  function show(found) {
    // The last driver of the last page has been deleted, or the address was typed: to what is the last page now.
    if (found.drivers.length === 0 && found.skip > 0) return go({ skip: lastPage(found) });
    leaf.show({ ...found, count: found.drivers.length });
    return list.show(found.drivers);
  }
}

/** What the address asks for. What it cannot mean is left out, for it may have been typed. */
function wanted(query) {
  const whole = (name, otherwise) => (/^\d{1,6}$/.test(query.get(name) ?? "") ? Number(query.get(name)) : otherwise);
  const one = (name, known, otherwise) => (known.includes(query.get(name)) ? query.get(name) : otherwise);
  return {
    search: query.get("search") ?? "",
    risk_level: one("risk_level", ["low", "medium", "high"], ""),
    sort: one("sort", ["driver_id", "name", "risk", "last_trip", "created"], "name"),
    order: one("order", ["asc", "desc"], "asc"),
    limit: Math.min(1000, Math.max(1, whole("limit", 50))),
    skip: whole("skip", 0),
  };
}

function columns() {
  const shown = [
    { label: "Driver", sort: "name", head: true, cell: who },
    { label: "ID", sort: "driver_id", tight: true, cell: (driver) => h("code", {}, driver.driver_id) },
    { label: "Risk", sort: "risk", first: "desc", cell: (driver) => score(driver.risk_score, driver.risk_level) },
    { label: "Vehicle", cell: vehicle },
    { label: "Trips", end: true, cell: (driver) => number(driver.trips) },
    { label: "Distance", end: true, cell: (driver) => quantity(driver.distance_km, "km") },
    {
      label: "Last trip",
      sort: "last_trip",
      first: "desc",
      cell: (driver) => since(driver.last_trip_at),
    },
  ];
  return mayEdit() ? [...shown, { label: "Edit or delete", actions: true, cell: buttons }] : shown;
}

function who(driver) {
  const name = h("a", { href: link(["drivers", driver.driver_id]) }, fullName(driver));
  return [name, h("span", { class: "second" }, driver.email ?? "no e-mail address")];
}

function vehicle({ vehicle: driven }) {
  if (!driven) return h("span", { class: "quiet" }, "None now");
  return [driven.name, h("span", { class: "second" }, driven.plate ?? driven.vehicle_id)];
}

function buttons(driver) {
  const of = fullName(driver);
  return [
    act({ label: "Edit", of, name: "edit", does: () => editDriver(driver) }),
    act({ label: "Delete", of, name: "remove", does: () => deleteDriver(driver) }),
  ];
}

function create() {
  return h("button", { class: "button main", type: "button", onclick: createDriver }, icon("add"), "New driver");
}

function empty(asked, everything) {
  const { search, risk_level: level } = asked;
  if (!narrowed({ search, level }))
    return {
      title: "No drivers yet",
      text: "Create one here, or let devices that report make their own.",
      action: mayEdit() && create(),
    };
  return {
    title: "No driver matches",
    text: search
      ? `Nothing has “${search}” in its name, ID or e-mail address${level ? ` at ${level} risk` : ""}.`
      : `Nobody is at ${level} risk.`,
    action: h("button", { class: "button", type: "button", onclick: everything }, "Show all drivers"),
  };
}
