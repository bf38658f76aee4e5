// All drivers: searched, filtered, sorted and leafed through by the address, so that a view can be shared and gone
// back to.

import { address } from "../api.js";
import { h, unique } from "../dom.js";
import { ago, fullName, moment, number, quantity } from "../format.js";
import { icon } from "../icons.js";
import { link } from "../router.js";
import { act } from "../parts/act.js";
import { score } from "../parts/badge.js";
import { exportButton } from "../parts/export.js";
import { lastPage, pager } from "../parts/pager.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { mayEdit } from "../session.js";
import { createDriver, deleteDriver, editDriver } from "./driver_editor.js";

// Milliseconds without a key before a search begins.
const PAUSE = 250;
const FILTERS = ["search", "risk_level", "sort", "order"];
const LEVELS = [
  ["", "All levels"],
  ["low", "Low"],
  ["medium", "Medium"],
  ["high", "High"],
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
  const fill = { node: list.node, show };
  const one = panel({
    title: "All drivers",
    kind: "full",
    tall: 640,
    tools: tools(asked, go),
    foot: leaf.node,
    fill,
    empty: () => empty(asked, go),
  });

  const create = h(
    "button",
    { class: "button main", type: "button", onclick: createDriver },
    icon("add"),
    "New driver",
  );
  page.head("Drivers", { actions: mayEdit() ? [create] : [] });
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
      cell: (driver) => h("span", { title: moment(driver.last_trip_at) }, ago(driver.last_trip_at)),
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

function tools(asked, go) {
  const [search, level] = [unique("search"), unique("level")];
  let pause = null;
  const typed = (event) => {
    clearTimeout(pause);
    const text = event.currentTarget.value.trim();
    pause = setTimeout(() => text !== asked.search && go({ search: text, skip: 0 }), PAUSE);
  };
  const input = h("input", {
    class: "input",
    id: search,
    type: "search",
    value: asked.search,
    maxlength: 200,
    autocomplete: "off",
    placeholder: "Name, ID or e-mail address",
    oninput: typed,
  });
  const chosen = h(
    "select",
    { class: "input", id: level, onchange: (event) => go({ risk_level: event.currentTarget.value, skip: 0 }) },
    LEVELS.map(([value, label]) => h("option", { value, selected: value === asked.risk_level }, label)),
  );
  return h(
    "div",
    { class: "tools", role: "search" },
    h(
      "div",
      { class: "field grow" },
      h("label", { for: search }, "Search"),
      h("div", { class: "searching" }, icon("search"), input),
    ),
    h("div", { class: "field" }, h("label", { for: level }, "Risk"), chosen),
    h(
      "div",
      { class: "rest" },
      exportButton("drivers", () => Object.fromEntries(FILTERS.map((name) => [name, asked[name]]))),
    ),
  );
}

function empty(asked, go) {
  if (!asked.search && !asked.risk_level)
    return {
      title: "No drivers yet",
      text: "Create one here, or let devices that report make their own.",
      action: mayEdit() && h("button", { class: "button main", type: "button", onclick: createDriver }, "New driver"),
    };
  const clear = h(
    "button",
    {
      class: "button",
      type: "button",
      onclick: () => {
        for (const control of document.querySelectorAll(".tools .input")) control.value = "";
        go({ search: "", risk_level: "", skip: 0 });
      },
    },
    "Show all drivers",
  );
  return {
    title: "No driver matches",
    text: asked.search
      ? `Nothing has “${asked.search}” in its name, ID or e-mail address${asked.risk_level ? ` at ${asked.risk_level} risk` : ""}.`
      : `Nobody is at ${asked.risk_level} risk.`,
    action: clear,
  };
}
