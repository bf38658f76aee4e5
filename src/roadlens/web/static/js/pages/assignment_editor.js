// Who has a device in which vehicle: assigning, handing over, ending, correcting, deleting. Trips follow what is said
// here, back to its beginning.

import { Problem, address, change, read, segment } from "../api.js";
import { fullName } from "../format.js";
import { edited } from "../live.js";
import { confirm } from "../parts/dialog.js";
import { editor, latest, remover } from "../parts/editor.js";
import { suggest } from "../parts/suggest.js";
import { toast } from "../parts/toast.js";

const PATH = "/admin/assignments";
const path = (one) => `${PATH}/${one.assignment_id}`;
// A device calls itself as it likes, with slashes too.
const given = (device) => `/admin/devices/${device.split("/").map(segment).join("/")}/assignments`;
const CHANGED = "Somebody has changed this assignment meanwhile. Close this and look at it again.";

const DEVICE = {
  name: "unique_id",
  label: "Device",
  width: 3,
  required: true,
  hint: "What the device calls itself, such as its IMEI.",
  input: { maxlength: 200 },
};
const DRIVER = {
  name: "driver_id",
  label: "Driver ID",
  width: 3,
  required: true,
  hint: "Type a name to look for it.",
  input: { maxlength: 100 },
};
const VEHICLE = { name: "vehicle_id", label: "Vehicle ID", width: 3, required: true, input: { maxlength: 100 } };
const FROM = { name: "valid_from", label: "From", kind: "moment", width: 3, hint: "Left empty: ever since." };
const TO = { name: "valid_to", label: "To", kind: "moment", width: 3, hint: "Left empty: until further notice." };

/** Give a device to a driver in this vehicle. */
export function assignDevice(vehicle_id) {
  const sheet = editor({
    title: "Assign a device",
    groups: [{ fields: [DEVICE, DRIVER, { ...FROM, start: new Date().toISOString() }, TO] }],
    path: ({ unique_id: device }) => given(device),
    body: ({ unique_id: _device, ...span }) => ({ ...span, vehicle_id }),
    saved: (made) => `${made.unique_id} is with ${made.driver_id} now.`,
  });
  suggest(sheet.field("unique_id").input, {
    path: () => "/admin/devices?unassigned=true&limit=100",
    options: ({ items }) => items.map((one) => ({ value: one.unique_id, label: one.name ?? one.model ?? "no name" })),
  });
  offerDrivers(sheet);
}

/** Correct who had it, in which vehicle and when. */
export function correctAssignment(one) {
  const sheet = editor({
    title: `Correct ${one.unique_id}`,
    groups: [{ fields: [DRIVER, VEHICLE, FROM, TO] }],
    path: path(one),
    values: one,
    again: () => latest(path(one)),
    saved: (now) => `${now.unique_id} is corrected; its trips have followed.`,
  });
  offerDrivers(sheet);
}

/**
 * From now on another driver has it. Two changes: the first ends what is, the second begins what comes. Whether there
 * is such a driver is asked before; should the second be refused all the same, saving again makes only that one.
 */
export function handOver(one) {
  const beforehand = { ended: false, now: null };
  const sheet = editor({
    title: `Hand ${one.unique_id} over`,
    groups: [{ legend: `From ${one.driver_id} to`, fields: [DRIVER] }],
    action: "Hand over",
    path: given(one.unique_id),
    body: ({ driver_id: driver }) => ({
      driver_id: driver,
      vehicle_id: one.vehicle_id,
      valid_from: beforehand.now,
      valid_to: one.valid_to,
    }),
    before: async ({ driver_id: driver }) => {
      await mustBe(driver);
      // The same moment for both, and when it is tried again.
      beforehand.now ??= new Date().toISOString();
      if (!beforehand.ended) await endAt(one, beforehand.now);
      beforehand.ended = true;
    },
    saved: (made) => `${made.unique_id} is with ${made.driver_id} now.`,
  });
  offerDrivers(sheet);
}

async function mustBe(driver) {
  try {
    await read(`/admin/drivers/${segment(driver)}`);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    throw new Problem(422, { errors: [{ field: "driver_id", detail: `There is no driver ${driver}.` }] });
  }
}

async function endAt(one, moment) {
  try {
    await change("PATCH", path(one), { valid_to: moment }, { version: one.version });
  } catch (problem) {
    throw problem.status === 412 ? new Problem(409, { detail: CHANGED }) : problem;
  } finally {
    edited();
  }
}

export function endAssignment(one) {
  confirm({
    title: `End it for ${one.driver_id}?`,
    text: `${one.unique_id} is nobody's from now on. What it sends is kept, and makes trips once it is assigned again.`,
    action: "End now",
    does: async () => {
      await endAt(one, new Date().toISOString());
      toast(`${one.unique_id} is nobody's now.`);
    },
  });
}

export function deleteAssignment(one) {
  remover({
    title: "Delete this assignment?",
    text:
      `It will be as if ${one.driver_id} had never had ${one.unique_id}: the trips made in that time are gone, ` +
      "the positions stay with the device. To end it and keep the trips, choose “End now”.",
    path: path(one),
    version: one.version,
    saved: "The assignment is deleted.",
  });
}

function offerDrivers(sheet) {
  suggest(sheet.field("driver_id").input, {
    path: (search) => address("/admin/drivers", { search, limit: 10, sort: "name" }),
    options: ({ drivers }) => drivers.map((one) => ({ value: one.driver_id, label: fullName(one) })),
  });
}
