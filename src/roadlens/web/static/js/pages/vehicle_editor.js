// Creating, editing and deleting a vehicle: for the list and for the vehicle's own page.

import { segment } from "../api.js";
import { editor, latest, remover } from "../parts/editor.js";

const PATH = "/admin/vehicles";

const VEHICLE = {
  legend: "Vehicle",
  fields: [
    { name: "name", label: "Name", width: 4, required: true, input: { maxlength: 100 } },
    { name: "category", label: "Kind", width: 2, hint: "van, car, truck …", input: { maxlength: 100 } },
    { name: "make", label: "Make", width: 2, input: { maxlength: 100 } },
    { name: "model", label: "Model", width: 2, input: { maxlength: 100 } },
    { name: "model_year", label: "Model year", kind: "number", width: 2 },
  ],
};
const PAPERS = {
  legend: "Papers",
  fields: [
    { name: "plate", label: "Plate", width: 2, input: { maxlength: 20 } },
    {
      name: "vin",
      label: "VIN",
      width: 4,
      hint: "17 letters and digits; never I, O or Q.",
      input: { maxlength: 17, spellcheck: "false", autocapitalize: "characters" },
    },
  ],
};
const ID = {
  legend: "ID",
  fields: [
    {
      name: "vehicle_id",
      label: "Vehicle ID",
      width: 3,
      hint: "Left empty, the next free one is given.",
      input: { maxlength: 50 },
    },
  ],
};

export function createVehicle() {
  editor({
    title: "New vehicle",
    groups: [VEHICLE, PAPERS, ID],
    path: PATH,
    saved: (vehicle) => `${vehicle.name} is created as ${vehicle.vehicle_id}.`,
  });
}

/** Edit this vehicle, as a list or a detail gave it. */
export function editVehicle(vehicle) {
  const path = `${PATH}/${segment(vehicle.vehicle_id)}`;
  editor({
    title: `Edit ${vehicle.name}`,
    groups: [VEHICLE, PAPERS],
    path,
    values: vehicle,
    again: () => latest(path),
    saved: (now) => `${now.name} is saved.`,
  });
}

/** Delete this vehicle, after asking. `gone()` leaves its own page then. */
export function deleteVehicle(vehicle, gone) {
  remover({
    title: `Delete ${vehicle.name}?`,
    text: `${vehicle.name} (${vehicle.vehicle_id}) will be gone for good. This works only for a vehicle that was never assigned.`,
    path: `${PATH}/${segment(vehicle.vehicle_id)}`,
    version: vehicle.version,
    inUse:
      `${vehicle.name} was assigned to drivers, and their trips name it, so it stays. ` +
      "Its own page lists the assignments: once they are deleted or moved to another vehicle, it can go.",
    saved: `${vehicle.name} is deleted.`,
    gone,
  });
}
