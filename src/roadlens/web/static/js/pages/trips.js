// All trips, newest first: of a driver, between days.

import { listPage } from "../parts/leafed.js";
import { tripColumns } from "./trip_list.js";

const FIELDS = [
  { name: "driver_id", label: "Driver ID", kind: "text", placeholder: "DRV-0001" },
  { name: "from", label: "From", kind: "day" },
  { name: "to", label: "To", kind: "day" },
];

export function open(page) {
  listPage(page, {
    title: "Trips",
    name: "trips",
    one: "trip",
    fields: FIELDS,
    columns: tripColumns({ whose: true }),
    key: (trip) => trip.trip_id,
    none: { title: "No trips yet", text: "They come by themselves when assigned devices report positions." },
  });
}
