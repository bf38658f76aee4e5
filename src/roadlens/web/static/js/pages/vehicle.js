// One vehicle: what it is, who drives it now, and who had which of its devices when.

import { segment } from "../api.js";
import { h } from "../dom.js";
import { fullName, moment, particulars } from "../format.js";
import { icon } from "../icons.js";
import { missing } from "../page.js";
import { link, go } from "../router.js";
import { act } from "../parts/act.js";
import { state } from "../parts/badge.js";
import { exportButton } from "../parts/export.js";
import { leafed } from "../parts/leafed.js";
import { facts } from "../parts/pairs.js";
import { panel } from "../parts/panel.js";
import { together } from "../parts/together.js";
import { mayEdit } from "../session.js";
import { assignDevice, correctAssignment, deleteAssignment, endAssignment, handOver } from "./assignment_editor.js";
import { deleteVehicle, editVehicle } from "./vehicle_editor.js";

const BACK = { label: "Vehicles", parts: ["vehicles"] };
const GONE = "The address was mistyped, or somebody has deleted this vehicle.";

export function open(page) {
  const id = page.named.vehicle_id;
  const told = heading(page, id);
  const about = panel({ title: "Vehicle", kind: "third", tall: 370, view: (vehicle) => [described(vehicle)] });
  page.main.append(h("div", { class: "grid" }, about.node, history(page, id)));
  const none = () => missing(page, `There is no vehicle ${id}`, GONE, BACK);
  about.follow(together(page, () => `/admin/vehicles/${segment(id)}`, { told, missing: none }));
}

/** The heading: the id until the name is known; made anew only when it says something else. */
function heading(page, id) {
  const gone = () => page.signal.aborted || go(["vehicles"]);
  let text = null;
  const show = (title, vehicle) => {
    if (text === (text = JSON.stringify([title, vehicle]))) return;
    page.head(title, { crumbs: [BACK], actions: actions(vehicle, gone) });
  };
  show(id, null);
  return (vehicle) => show(vehicle.name, vehicle);
}

/** They stand there from the beginning, so that nothing moves, and do nothing until the vehicle is known. */
function actions(vehicle, gone) {
  if (!mayEdit()) return [];
  const button = (label, name, does, kind = "") =>
    h(
      "button",
      {
        class: `button ${kind}`,
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
    button("Delete", "remove", () => deleteVehicle(vehicle, gone), "danger"),
  ];
}

function described(vehicle) {
  const { driver } = vehicle;
  return facts([
    ["Driven by", driver ? h("a", { href: link(["drivers", driver.driver_id]) }, fullName(driver)) : "Nobody now"],
    ["ID", h("code", {}, vehicle.vehicle_id)],
    ["Make and model", particulars(vehicle) || "–"],
    ["Kind", vehicle.category ?? "–"],
    ["Plate", vehicle.plate ?? "–"],
    ["VIN", vehicle.vin ? h("code", {}, vehicle.vin) : "–"],
    ["Created", moment(vehicle.created_at)],
    ["Changed", moment(vehicle.updated_at)],
  ]);
}

function history(page, id) {
  const parameters = () => ({ vehicle_id: id });
  return leafed(page, {
    title: "Assignments",
    caption: "Assignments of devices in this vehicle to drivers, the one made last first",
    noun: "assignments",
    one: "assignment",
    path: "/admin/assignments",
    parameters,
    columns: columns(),
    key: (one) => one.assignment_id,
    row: (one) => ({ ...one, standing: standing(one) }),
    kind: "two-thirds",
    tall: 370,
    actions: [exportButton("assignments", parameters)],
    empty: {
      title: "Never assigned",
      text: "A device in this vehicle is given to a driver; what it sends becomes that driver's trips.",
    },
  }).node;
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
