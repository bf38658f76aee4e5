// One driver: why the score is what it is, how it went, what was driven, with what, and who it is.

import { segment } from "../api.js";
import { h } from "../dom.js";
import { day, fullName, moment, number, particulars, quantity, words } from "../format.js";
import { icon } from "../icons.js";
import { missing } from "../page.js";
import { state } from "../parts/badge.js";
import { leafed } from "../parts/leafed.js";
import { facts, pairs } from "../parts/pairs.js";
import { panel, room } from "../parts/panel.js";
import { since } from "../parts/since.js";
import { together } from "../parts/together.js";
import { go, link } from "../router.js";
import { mayEdit } from "../session.js";
import { personalData } from "./driver_data.js";
import { deleteDriver, editDriver } from "./driver_editor.js";
import { scorePanels } from "./driver_score.js";
import { statistics } from "./driver_statistics.js";
import { fewColumns } from "./event_list.js";
import { tripColumns } from "./trip_list.js";

const BACK = { label: "Drivers", parts: ["drivers"] };

export function open(page) {
  const id = page.named.driver_id;
  const path = `/admin/drivers/${segment(id)}`;
  const [totals, vehicles, person] = [totalsPanel(), vehiclesPanel(), personPanel()];
  const risk = scorePanels(page);
  const gone = () => page.signal.aborted || go(["drivers"]);
  const named = heading(page, id, gone);
  const data = personalData(id, gone);
  page.main.append(
    h(
      "div",
      { class: "grid" },
      h("div", { class: "column third" }, risk.gauge.node, person.node),
      h("div", { class: "column two-thirds" }, risk.factors.node),
      risk.reasons.node,
      statistics(page, path),
      h("div", { class: "column two-thirds" }, risk.history.node, trips(page, id, path)),
      h("div", { class: "column third" }, vehicles.node, totals.node, events(page, id), data?.node),
    ),
  );
  const none = () =>
    missing(page, `There is no driver ${id}`, "The address was mistyped, or somebody has deleted this driver.", BACK);
  const told = (found) => {
    named(found);
    data?.told(found);
  };
  const driver = together(page, () => path, { told, missing: none });
  const score = together(page, () => `${path}/risk`);
  for (const one of [totals, vehicles, person]) one.follow(driver);
  for (const one of [risk.gauge, risk.factors, risk.reasons, risk.history]) one.follow(score);
}

/** The heading: the id until the name is known, and what may be done, which waits for the driver. */
function heading(page, id, gone) {
  let [driver, title] = [null, id];
  const button = (label, name, kind, does) =>
    h(
      "button",
      { class: `button ${kind}`, type: "button", "aria-disabled": "true", onclick: () => driver && does() },
      icon(name),
      label,
    );
  const row = h(
    "div",
    { class: "row" },
    button("Edit", "edit", "", () => editDriver(driver)),
    button("Delete", "remove", "danger", () => deleteDriver(driver, gone)),
  );
  const show = () => page.head(title, { crumbs: [BACK], actions: mayEdit() ? [row] : [] });
  show();
  return (found) => {
    driver = found;
    for (const one of row.children) one.removeAttribute("aria-disabled");
    if (title === fullName(found)) return;
    title = fullName(found);
    show();
  };
}

function totalsPanel() {
  const view = ({ driver_id: id, totals }) => [
    pairs([
      ["Driver ID", h("code", {}, id)],
      ["Trips", number(totals.trips)],
      ["Distance", quantity(totals.distance_km, "km")],
      ["Safety events", number(totals.events)],
      ["Last trip", totals.last_trip_at ? since(totals.last_trip_at) : "None"],
    ]),
  ];
  return panel({ title: "In all", tall: 200, view });
}

function vehiclesPanel() {
  const view = ({ vehicles }) =>
    vehicles.length === 0 ? null : [h("ul", { class: "assigned" }, vehicles.map(vehicle))];
  const empty = { title: "No vehicle", text: "No device was ever given to this driver in a vehicle." };
  return panel({ title: "Vehicles", tall: 130, view, empty });
}

function vehicle(one) {
  const kind = particulars(one);
  const from = one.assigned_from ? `from ${moment(one.assigned_from)}` : "";
  const until = one.assigned_until ? `until ${moment(one.assigned_until)}` : "";
  return h(
    "li",
    {},
    h(
      "div",
      { class: "row" },
      h("a", { href: link(["vehicles", one.vehicle_id]) }, one.name),
      one.current ? state("good", "Now") : state(null, "Ended"),
    ),
    h(
      "div",
      { class: "quiet small" },
      [one.plate, one.vehicle_id, kind === one.name ? "" : kind].filter(Boolean).join(" · "),
    ),
    h("div", { class: "quiet small" }, words([from, until].filter(Boolean).join(" ") || "all the time")),
  );
}

function personPanel() {
  const view = (driver) => {
    const licence = [driver.licence_number, driver.licence_state].filter(Boolean).join(", ");
    const place = [driver.city, [driver.state, driver.zip_code].filter(Boolean).join(" ")].filter(Boolean).join(", ");
    const years =
      driver.years_licensed === null
        ? null
        : quantity(driver.years_licensed, driver.years_licensed === 1 ? "year" : "years");
    const known = [
      ["E-mail", driver.email],
      ["Phone", driver.phone],
      ["Born", driver.date_of_birth && day(driver.date_of_birth)],
      ["Licence", licence],
      ["Licensed for", years],
      ["Address", [driver.address, place].filter(Boolean).join(", ")],
      ["Created", moment(driver.created_at)],
      ["Changed", moment(driver.updated_at)],
    ];
    const written = (value) => value || h("span", { class: "quiet" }, "Not given");
    return [facts(known.map(([label, value]) => [label, written(value)]))];
  };
  return panel({ title: "Person", tall: 260, view });
}

function trips(page, id, path) {
  const all = h("a", { class: "small", href: link(["trips"], { driver_id: id }), "aria-label": "All trips" }, "All");
  const empty = { title: "No trips", text: "Nothing was driven yet, or nobody has given this driver a device." };
  return leafed(page, {
    title: "Trips",
    noun: "trips",
    one: "trip",
    path: `${path}/trips`,
    limit: 10,
    columns: tripColumns({ whose: false }),
    key: (trip) => trip.trip_id,
    actions: [all],
    tall: room(410, 600),
    empty,
  }).node;
}

function events(page, id) {
  const where = link(["events"], { driver_id: id, state: "all" });
  const all = h("a", { class: "small", href: where, "aria-label": "All safety events" }, "All");
  return leafed(page, {
    title: "Safety events",
    noun: "events",
    one: "event",
    path: "/admin/events",
    parameters: () => ({ driver_id: id }),
    limit: 6,
    columns: fewColumns(),
    key: (event) => event.event_id,
    actions: [all],
    tall: room(340, 480),
    empty: { title: "No safety events", text: "Nothing has happened in what is kept." },
  }).node;
}
