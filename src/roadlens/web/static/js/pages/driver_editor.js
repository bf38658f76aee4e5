// Creating, editing and deleting a driver: for the list and for the driver's own page.

import { segment } from "../api.js";
import { fullName, number } from "../format.js";
import { editor, latest, remover } from "../parts/editor.js";

const PATH = "/admin/drivers";

const PERSON = {
  legend: "Person",
  fields: [
    { name: "first_name", label: "First name", width: 3, required: true, input: { maxlength: 100 } },
    { name: "last_name", label: "Last name", width: 3, required: true, input: { maxlength: 100 } },
    { name: "email", label: "E-mail address", kind: "email", width: 3 },
    { name: "phone", label: "Phone", kind: "tel", width: 3 },
    { name: "date_of_birth", label: "Date of birth", kind: "date", width: 3 },
  ],
};
const LICENCE = {
  legend: "Licence",
  fields: [
    { name: "licence_number", label: "Licence number", width: 2 },
    { name: "licence_state", label: "State", width: 2, hint: "CA, ON, or DE-BY" },
    { name: "years_licensed", label: "Years licensed", kind: "number", width: 2 },
  ],
};
const HOME = {
  legend: "Address",
  fields: [
    { name: "address", label: "Street", width: 6, input: { maxlength: 200 } },
    { name: "city", label: "City", width: 2, input: { maxlength: 100 } },
    { name: "state", label: "State or region", width: 2, input: { maxlength: 100 } },
    { name: "zip_code", label: "Postal code", width: 2, input: { maxlength: 10 } },
  ],
};
const ID = {
  legend: "ID",
  fields: [
    {
      name: "driver_id",
      label: "Driver ID",
      width: 3,
      hint: "Left empty, the next free one is given.",
      input: { maxlength: 50 },
    },
  ],
};

/** `done(driver)` is called when it is made. */
export function createDriver(done) {
  editor({
    title: "New driver",
    groups: [PERSON, LICENCE, HOME, ID],
    path: PATH,
    saved: (driver) => `${fullName(driver)} is created as ${driver.driver_id}.`,
    done: typeof done === "function" ? done : undefined,
  });
}

/** Edit this driver, as a list or a detail gave it. */
export function editDriver(driver) {
  const path = `${PATH}/${segment(driver.driver_id)}`;
  editor({
    title: `Edit ${fullName(driver)}`,
    groups: [PERSON, LICENCE, HOME],
    path,
    values: driver,
    again: () => latest(path),
    saved: (now) => `${fullName(now)} is saved.`,
  });
}

/** Delete this driver, after asking. `gone()` leaves its own page then. */
export function deleteDriver(driver, gone) {
  const trips = driver.trips ?? driver.totals?.trips ?? 0;
  const along = trips > 0 ? ` and ${number(trips)} trips with their events and scores` : "";
  remover({
    title: `Delete ${fullName(driver)}?`,
    text: `${fullName(driver)} (${driver.driver_id})${along} will be gone for good. Positions stay with the device.`,
    path: `${PATH}/${segment(driver.driver_id)}`,
    version: driver.version,
    saved: `${fullName(driver)} is deleted.`,
    gone,
  });
}
