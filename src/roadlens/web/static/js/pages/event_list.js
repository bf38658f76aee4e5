// How safety events are written: in lists on their own page and a driver's, and on a trip.

import { h } from "../dom.js";
import { moment, number, quantity, share, words } from "../format.js";
import { icon } from "../icons.js";
import { link } from "../router.js";
import { mayEdit } from "../session.js";
import { reviewButton, reviewState } from "./event_review.js";
import { tripLink } from "./trip_list.js";

export const TYPES = ["harsh_braking", "rapid_acceleration", "harsh_cornering", "speeding", "phone_use"];
export const SOURCES = { device: "Device's alarm", gps: "From positions" };

/** Columns of `table`, for the whole fleet; `select` is one more, before them. */
export function eventColumns(select) {
  const columns = [
    { label: "Event", head: true, cell: (event) => [kind(event), h("span", { class: "second" }, moment(event.occurred_at))] },
    { label: "Driver", cell: driver },
    { label: "Severity", end: true, cell: severity },
    { label: "Source", cell: source },
    { label: "Review", cell: reviewState },
  ];
  return select ? [select, ...columns, REVIEW] : columns;
}

/** The same where there is little room. */
export function fewColumns() {
  const columns = [
    { label: "Event", head: true, cell: (event) => [kind(event), second(event)] },
    { label: "Severity", end: true, cell: severity },
  ];
  return mayEdit() ? [...columns, REVIEW] : columns;
}

export const REVIEW = { label: "Review", actions: true, cell: reviewButton };

/** How hard it was: m/s², or how much too fast. */
export function severity(event) {
  if (event.event_type !== "speeding") return quantity(event.severity, "m/s²", 1);
  return event.severity === null ? "–" : `${quantity(event.severity, "km/h")} over`;
}

/** Who says so, and how sure that is. */
export function source(event) {
  const sure = `${share(event.confidence)} sure`;
  return [SOURCES[event.source] ?? words(event.source), h("span", { class: "second" }, sure)];
}

/** The kind's own shape. */
export function shape(type) {
  return h("span", { class: "kind", "data-type": type }, icon(TYPES.includes(type) ? type : "none"));
}

/** The same with a number in it, as it stands on a map. */
export function mark(type, index) {
  return h("span", { class: "mark", "data-type": type }, shape(type), h("b", {}, number(index)));
}

function driver(event) {
  const code = h("code", { class: "second" }, event.driver_id);
  return [h("a", { href: link(["drivers", event.driver_id]) }, event.driver_name || event.driver_id), code];
}

/** When it was, and what was decided if anything was. */
function second(event) {
  const decided = event.state === "needs_review" ? null : words(event.state);
  return h("span", { class: "second" }, [moment(event.occurred_at), decided].filter(Boolean).join(" · "));
}

function kind(event) {
  const to = tripLink(event.trip_id, { event: event.event_id });
  return h("span", { class: "row tied" }, shape(event.event_type), h("a", { href: to }, words(event.event_type)));
}
