// All vehicles, with who drives each now.

import { h } from "../dom.js";
import { fullName, particulars } from "../format.js";
import { icon } from "../icons.js";
import { link } from "../router.js";
import { act } from "../parts/act.js";
import { listPage } from "../parts/leafed.js";
import { mayEdit } from "../session.js";
import { createVehicle, deleteVehicle, editVehicle } from "./vehicle_editor.js";

export function open(page) {
  listPage(page, {
    title: "Vehicles",
    name: "vehicles",
    one: "vehicle",
    actions: mayEdit() ? [create()] : [],
    columns: columns(),
    key: (vehicle) => vehicle.vehicle_id,
    none: {
      title: "No vehicles yet",
      text: "A vehicle is needed before a device can be assigned to a driver.",
      action: mayEdit() && create(),
    },
  });
}

function create() {
  return h("button", { class: "button main", type: "button", onclick: createVehicle }, icon("add"), "New vehicle");
}

function columns() {
  const shown = [
    { label: "Vehicle", head: true, cell: what },
    { label: "ID", tight: true, cell: (vehicle) => h("code", {}, vehicle.vehicle_id) },
    { label: "Kind", cell: (vehicle) => vehicle.category ?? "–" },
    { label: "Plate", tight: true, cell: (vehicle) => vehicle.plate ?? "–" },
    { label: "VIN", tight: true, cell: (vehicle) => (vehicle.vin ? h("code", {}, vehicle.vin) : "–") },
    { label: "Driven by", cell: driven },
  ];
  return mayEdit() ? [...shown, { label: "Edit or delete", actions: true, cell: buttons }] : shown;
}

function what(vehicle) {
  const name = h("a", { href: link(["vehicles", vehicle.vehicle_id]) }, vehicle.name);
  return [name, h("span", { class: "second" }, particulars(vehicle) || "make not known")];
}

function driven({ driver }) {
  if (!driver) return h("span", { class: "quiet" }, "Nobody now");
  return h("a", { href: link(["drivers", driver.driver_id]) }, fullName(driver));
}

function buttons(vehicle) {
  return [
    act({ label: "Edit", of: vehicle.name, name: "edit", does: () => editVehicle(vehicle) }),
    act({ label: "Delete", of: vehicle.name, name: "remove", does: () => deleteVehicle(vehicle) }),
  ];
}
