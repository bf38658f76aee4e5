// One trip: the track by speed, what happened on it, and the speed over time. The three are one: what is pointed at in
// one is marked in the others.

import { segment } from "../api.js";
import { h } from "../dom.js";
import { clock, duration, moment, number, quantity } from "../format.js";
import { missing } from "../page.js";
import { awaited, cards } from "../parts/figures.js";
import { pairs } from "../parts/pairs.js";
import { panel } from "../parts/panel.js";
import { together } from "../parts/together.js";
import { link } from "../router.js";
import { deductions } from "./trip_deductions.js";
import { eventsOfTrip } from "./trip_events.js";
import { speedOverTime } from "./trip_speed.js";
import { trackOfTrip } from "./trip_track.js";

const BACK = { label: "Trips", parts: ["trips"] };
// Seconds: a trip that has ended changes only when late positions come.
const EVERY = 60;
const ID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;
const GONE = "The address was mistyped, or late positions have made another trip of it, or it was deleted.";

export function open(page) {
  if (!ID.test(page.named.trip_id)) return missing(page, "There is no such trip", GONE, BACK);
  const path = `/admin/trips/${segment(page.named.trip_id)}`;
  const parts = {};
  const pointed = (index, from) => {
    if (from !== "track") parts.track.at(index);
    if (from !== "speed") parts.speed.at(index);
  };
  const picked = (event) => {
    parts.events.mark(event.event_id);
    parts.track.pick(event);
  };
  parts.track = trackOfTrip({ page, moved: (index) => pointed(index, "track"), picked });
  parts.speed = speedOverTime({ page, moved: (index) => pointed(index, "speed") });
  parts.events = eventsOfTrip({ picked });
  const [sums, more, taken] = [sumsPanel(), morePanel(), deductions()];
  let title = titled(begun(page.named.trip_id));
  page.head(title, { crumbs: [BACK] });
  page.main.append(
    sums.node,
    h(
      "div",
      { class: "grid below" },
      h("div", { class: "column two-thirds" }, parts.track.panel.node),
      h("div", { class: "column third" }, parts.events.panel.node),
      h("div", { class: "column two-thirds" }, parts.speed.panel.node),
      h("div", { class: "column third" }, taken.node, more.node),
    ),
  );
  let named = false;
  const wanted = { event: page.query.get("event") };
  const told = (trip) => {
    if (!named || title !== titled(trip.started_at))
      page.head((title = titled(trip.started_at)), { crumbs: way(trip) });
    named = true;
    // The event of the address, once, when all parts know the trip.
    const event = trip.events.find((one) => one.event_id === wanted.event);
    if (event) queueMicrotask(() => picked(event));
    wanted.event = null;
  };
  const none = () => missing(page, "There is no such trip", GONE, BACK);
  const trip = together(page, () => path, { every: EVERY, told, missing: none });
  for (const one of [sums, parts.track.panel, parts.events.panel, parts.speed.panel, more, taken]) one.follow(trip);
}

/** An id begins with the milliseconds of the trip's start: so the heading stands before the answer comes. */
function begun(trip_id) {
  return new Date(parseInt(trip_id.replace("-", "").slice(0, 12), 16)).toISOString();
}

function titled(started_at) {
  return `Trip of ${moment(started_at)}`;
}

function way(trip) {
  return [BACK, { label: trip.driver_name || trip.driver_id, parts: ["drivers", trip.driver_id] }];
}

function sumsPanel() {
  const view = (trip) => [
    cards([
      {
        label: "Distance",
        value: quantity(trip.distance_km, "km", 1),
        note: `${number(trip.position_count)} positions`,
      },
      { label: "Time", value: duration(trip.duration_s), note: `until ${clock(trip.ended_at)}` },
      { label: "Top speed", value: quantity(trip.top_speed_kmh, "km/h"), note: mean(trip) },
      { label: "Trip score", value: number(trip.trip_score, 1), note: "100 is safest" },
    ]),
  ];
  const waiting = awaited("Distance", "Time", "Top speed", "Trip score");
  return panel({ title: "In numbers", kind: "bare", tall: 122, waiting, view });
}

function mean(trip) {
  const speed = trip.moving_s > 0 ? (trip.distance_km / trip.moving_s) * 3600 : null;
  return speed === null ? "\u00a0" : `mean ${quantity(speed, "km/h", 1)}`;
}

function morePanel() {
  const view = (trip) => [
    pairs([
      ["Driver", h("a", { href: link(["drivers", trip.driver_id]) }, trip.driver_name || trip.driver_id)],
      ["Vehicle", h("a", { href: link(["vehicles", trip.vehicle_id]) }, trip.vehicle_name || trip.vehicle_id)],
      ["Moving", duration(trip.moving_s)],
      ["At night", quantity(trip.night_km, "km", 1)],
      ["In the rush hour", quantity(trip.rush_hour_km, "km", 1)],
      ["At the weekend", quantity(trip.weekend_km, "km", 1)],
      ["Above the limit", aboveLimit(trip)],
      ["Not told", leftOut(trip.left_out)],
      ["Score version", number(trip.score_version)],
    ]),
  ];
  return panel({ title: "About the trip", tall: 300, view });
}

function aboveLimit(trip) {
  const distance = quantity(trip.speeding_km, "km", 1);
  return trip.speeding_s ? `${distance} in ${duration(trip.speeding_s)}` : distance;
}

// Why forces, or the distance, cannot be told of a stretch of time.
const REASONS = [
  ["gap_s", "device silent"],
  ["jump_s", "place jumps"],
  ["frozen_s", "place stands still"],
  ["sparse_s", "fixes too far apart, or too few, for forces"],
  ["imprecise_s", "imprecise"],
];

function leftOut(seconds) {
  if (!seconds) return "unknown";
  const told = REASONS.filter(([reason]) => seconds[reason] > 0);
  return told.map(([reason, says]) => `${duration(seconds[reason])} ${says}`).join(", ") || "nothing left out";
}
