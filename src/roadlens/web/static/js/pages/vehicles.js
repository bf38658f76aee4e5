// All vehicles, with who drives each now.

import { h } from "../dom.js";
import { fullName } from "../format.js";
import { icon } from "../icons.js";
import { link } from "../router.js";
import { act } from "../parts/act.js";
import { exportButton } from "../parts/export.js";
import { leaves } from "../parts/leaves.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { mayEdit } from "../session.js";
import { createVehicle, deleteVehicle, editVehicle, particulars } from "./vehicle_editor.js";

export function open(page) {
  const list = table({ caption: "Vehicles", columns: columns(), key: (vehicle) => vehicle.vehicle_id });
  const paged = leaves({ path: "/admin/vehicles", list, noun: "vehicles", one: "vehicle" });
  const one = panel({
    title: "All vehicles",
    kind: "full",
    tall: 640,
    actions: [exportButton("vehicles")],
    foot: paged.foot,
    fill: paged.fill,
    empty: () => ({
      title: "No vehicles yet",
      text: "A vehicle is needed before a device can be assigned to a driver.",
      action: mayEdit() && create(),
    }),
  });
  page.head("Vehicles", { actions: mayEdit() ? [create()] : [] });
  page.main.append(one.node);
  paged.follow(page, one);
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
