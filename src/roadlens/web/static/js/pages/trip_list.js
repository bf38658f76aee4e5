// How trips stand in lists: on their own page, and on a driver's.

import { h } from "../dom.js";
import { duration, moment, number, quantity } from "../format.js";
import { link } from "../router.js";

const SHORT = {
  harsh_braking: "braking",
  rapid_acceleration: "acceleration",
  harsh_cornering: "cornering",
  speeding: "speeding",
  phone_use: "phone",
};

/** Columns of `table`, with the driver if `whose`. */
export function tripColumns({ whose }) {
  const driver = (trip) => h("a", { href: link(["drivers", trip.driver_id]) }, h("code", {}, trip.driver_id));
  const vehicle = (trip) => h("a", { href: link(["vehicles", trip.vehicle_id]) }, h("code", {}, trip.vehicle_id));
  return [
    { label: "Started", head: true, cell: started },
    whose && { label: "Driver", cell: driver },
    { label: "Vehicle", cell: vehicle },
    { label: "Distance", end: true, cell: (trip) => quantity(trip.distance_km, "km", 1) },
    { label: "Time", end: true, cell: (trip) => duration(trip.duration_s) },
    { label: "Trip score", end: true, cell: (trip) => number(trip.trip_score, 1) },
    { label: "Events", cell: (trip) => happened(trip.event_counts) },
  ].filter(Boolean);
}

export function tripLink(trip_id, parameters = {}) {
  return link(["trips", trip_id], parameters);
}

/** Day and time, each in one piece: where there is little room they stand one below the other. */
function started(trip) {
  const pieces = moment(trip.started_at).split(/(?<=,) /);
  const written = pieces.flatMap((piece, index) => [index > 0 && " ", h("span", { class: "whole" }, piece)]);
  return h("a", { href: tripLink(trip.trip_id) }, written.filter(Boolean));
}

function happened(counts) {
  const some = Object.entries(counts).filter(([, times]) => times > 0);
  if (some.length === 0) return h("span", { class: "quiet" }, "None");
  return some.map(([type, times]) => `${number(times)}\u00a0${SHORT[type] ?? type}`).join(", ");
}
