// One vehicle: what it is, who drives it now, and who had which of its devices when.

import { segment } from "../api.js";
import { h } from "../dom.js";
import { fullName, moment } from "../format.js";
import { icon } from "../icons.js";
import { link, go } from "../router.js";
import { act } from "../parts/act.js";
import { state } from "../parts/badge.js";
import { exportButton } from "../parts/export.js";
import { leaves } from "../parts/leaves.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { mayEdit } from "../session.js";
import { assignDevice, correctAssignment, deleteAssignment, endAssignment, handOver } from "./assignment_editor.js";
import { deleteVehicle, editVehicle, particulars } from "./vehicle_editor.js";

export function open(page) {
  const id = page.named.vehicle_id;
  head(page, id, null);
  const about = panel({
    title: "Vehicle",
    kind: "third",
    tall: 320,
    view: (vehicle) => {
      head(page, vehicle.name, vehicle);
      return [facts(vehicle)];
    },
  });
  page.main.append(h("div", { class: "grid" }, about.node, history(page, id)));
  about.follow(page, () => `/admin/vehicles/${segment(id)}`);
}

/** The heading is made anew only when it says something else, for its buttons may have the focus. */
function head(page, title, vehicle) {
  const text = JSON.stringify([title, vehicle]);
  if (head.last === text && page.main.querySelector(".page-head")) return;
  const focused = [...page.main.querySelectorAll(".page-head button")].indexOf(document.activeElement);
  head.last = text;
  page.head(title, { crumbs: [{ label: "All vehicles", parts: ["vehicles"] }], actions: actions(vehicle) });
  if (focused >= 0) page.main.querySelectorAll(".page-head button")[focused]?.focus();
}

/** They stand there from the beginning, so that nothing moves, and do nothing until the vehicle is known. */
function actions(vehicle) {
  if (!mayEdit()) return [];
  const button = (label, name, does) =>
    h(
      "button",
      {
        class: "button",
        type: "button",
        "aria-disabled": vehicle === null ? "true" : null,
        onclick: () => vehicle !== null && does(vehicle),
      },
      icon(name),
      label,
    );
  return [
    button("Assign a device", "add", () => assignDevice(vehicle.vehicle_id)),
    button("Edit", "edit", editVehicle),
    button("Delete", "remove", () => deleteVehicle(vehicle, () => go(["vehicles"]))),
  ];
}

function facts(vehicle) {
  const { driver } = vehicle;
  const known = [
    ["Driven by", driver ? h("a", { href: link(["drivers", driver.driver_id]) }, fullName(driver)) : "Nobody now"],
    ["ID", h("code", {}, vehicle.vehicle_id)],
    ["Make and model", particulars(vehicle) || "–"],
    ["Kind", vehicle.category ?? "–"],
    ["Plate", vehicle.plate ?? "–"],
    ["VIN", vehicle.vin ? h("code", {}, vehicle.vin) : "–"],
    ["Created", moment(vehicle.created_at)],
    ["Last changed", moment(vehicle.updated_at)],
  ];
  return h(
    "dl",
    { class: "facts" },
    known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

function history(page, id) {
  const list = table({
    caption: "Assignments of devices in this vehicle to drivers, the one made last first",
    columns: columns(),
    key: (one) => one.assignment_id,
  });
  const paged = leaves({
    path: "/admin/assignments",
    parameters: { vehicle_id: id },
    list: { node: list.node, show: (items) => list.show(items.map((one) => ({ ...one, standing: standing(one) }))) },
    noun: "assignments",
    one: "assignment",
  });
  const one = panel({
    title: "Assignments",
    kind: "full two-thirds",
    tall: 320,
    actions: [exportButton("assignments", () => ({ vehicle_id: id }))],
    foot: paged.foot,
    fill: paged.fill,
    empty: () => ({
      title: "Never assigned",
      text: "A device in this vehicle is given to a driver; what it sends becomes that driver's trips.",
    }),
  });
  paged.follow(page, one);
  return one.node;
}

/** `now`, `ended`, or `to come`. */
function standing({ valid_from: from, valid_to: to }) {
  const now = Date.now();
  if (to && new Date(to) <= now) return "ended";
  return from && new Date(from) > now ? "to come" : "now";
}

const STANDINGS = { now: ["good", "Now"], ended: [null, "Ended"], "to come": ["care", "To come"] };

function columns() {
  const shown = [
    { label: "Driver and device", head: true, cell: pair },
    { label: "Stands", tight: true, cell: (one) => state(...STANDINGS[one.standing]) },
    { label: "When", cell: span },
  ];
  return mayEdit() ? [...shown, { label: "Hand over, end, correct or delete", actions: true, cell: buttons }] : shown;
}

function pair(one) {
  const driver = h("a", { href: link(["drivers", one.driver_id]) }, one.driver_id);
  return [driver, h("code", { class: "second" }, one.unique_id)];
}

function span({ valid_from: from, valid_to: to }) {
  const begun = from ? `from ${moment(from)}` : "ever since";
  return [begun, h("span", { class: "second" }, to ? `until ${moment(to)}` : "until further notice")];
}

function buttons(one) {
  const of = `${one.unique_id} with ${one.driver_id}`;
  return [
    one.standing === "now" && act({ label: "Hand over", of, name: "swap", does: () => handOver(one) }),
    one.standing === "now" && act({ label: "End now", of, name: "end", does: () => endAssignment(one) }),
    act({ label: "Correct", of, name: "edit", does: () => correctAssignment(one) }),
    act({ label: "Delete", of, name: "remove", does: () => deleteAssignment(one) }),
  ];
}
