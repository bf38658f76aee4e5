// What the numbers of a score version mean, for administrators. A name that is not known here is shown as it is.

import { words } from "../format.js";

const GROUPS = [
  { id: "risk", title: "A driver's risk score", of: /^(risk_|prior_|relativity_)/ },
  { id: "trip", title: "A trip's score", of: /^trip_(?!at_least_m$)/ },
  { id: "hours", title: "Night and rush hour", of: /_hour$/ },
  {
    id: "cutting",
    title: "Where trips begin and end",
    of: /^(standing_|blip_|stop_|silence_|hole_|jump_|trip_at_least_m$)/,
  },
  { id: "events", title: "What counts as an event", of: /./ },
];

const FACTORS = {
  harsh_braking: "Harsh braking",
  rapid_acceleration: "Rapid acceleration",
  harsh_cornering: "Harsh cornering",
  speeding: "Speeding events",
  phone_use: "Phone use",
  speeding_share: "Distance above the limit",
  night_share: "Distance at night",
};

const MEANINGS = {
  prior_weight_km: "Distance at which a driver's own driving counts for a half",
  relativity_half: "Relativity that makes half of a factor's points",
  risk_distance_at_least_km: "Distance below which there is no score",
  risk_window_days: "Days that a score looks back",
  trip_distance_at_least_km: "Shorter trips count as this long",
  trip_at_least_m: "Shorter than this is no trip",
  standing_below_kmh: "Slower than this is standing",
  blip_below_kmh: "A movement is noise of the receiver if it is slower than this",
  blip_shorter_than_s: "and shorter than this",
  stop_ignition_off_s: "Standing that ends a trip, ignition off",
  stop_ignition_unknown_s: "Standing that ends a trip, ignition not known",
  stop_ignition_on_s: "Standing that ends a trip, ignition on",
  silence_standing_s: "Silence that ends a trip, after standing",
  silence_moving_s: "Silence that ends a trip, after moving",
  hole_factor: "An interval is a hole if it is so many times the usual one",
  hole_at_least_s: "and at least this long",
  jump_above_kmh: "A step faster than this is a jump of the receiver",
  speed_trapezoid_up_to_s: "Between positions at most this far apart, distance is told from speed",
  dense_interval_s: "Forces are told from positions at most this far apart",
  hdop_at_most: "Positions less precise than this tell no forces",
  window_slack_s: "A force is told from positions that may be this much further apart",
  place_off_by_m: "A place may be off by this before it is a jump",
  frozen_at_least_m: "A place stands still if it should have moved by this",
  manoeuvre_hysteresis: "Where a manoeuvre begins and ends",
  manoeuvre_at_least_s: "Shorter than this is no manoeuvre",
  gps_bend_ms2: "More than this across is a bend, in which no braking is sought",
  gps_braking_ms2: "Braking that is harsh",
  gps_braking_swing_ms2: "Braking that sets in so suddenly is harsh",
  gps_braking_at_least_ms2: "and is at least so strong",
  gps_braking_from_kmh: "and faster than this",
  gps_acceleration_ms2: "Acceleration that is rapid",
  gps_acceleration_swing_ms2: "Acceleration that sets in so suddenly is rapid",
  gps_acceleration_at_least_ms2: "and is at least so strong",
  gps_acceleration_from_kmh: "and faster than this",
  gps_start_ms2: "A start so strong is rapid",
  gps_start_stumble_kmh: "if the receiver's speed stumbles by this",
  gps_start_from_kmh: "and it begins faster than this",
  gps_cornering_ms2: "Cornering that is harsh",
  gps_cornering_across_ms2: "Less than this across is no cornering",
  gps_cornering_along_ms2: "Across and with so much along is harsh",
  cornering_speed_at_least_kmh: "Slower than this there is no cornering",
  speeding_tolerance_kmh: "Above the limit by less than this is no speeding",
  speeding_at_least_s: "Speeding shorter than this is no event",
  speed_at_most_kmh: "Limit by the administrator's rule",
  speed_limit_otherwise_kmh: "Limit where none is known",
  same_manoeuvre_s: "An alarm and a derivation within this are one event",
  same_episode_s: "Speeding with a pause shorter than this is one event",
  gps_confidence: "How sure an event from positions is, by the first formula",
  gps_braking_confidence: "How sure braking from positions is",
  gps_acceleration_confidence: "How sure acceleration from positions is",
  gps_cornering_confidence: "How sure cornering from positions is",
  gps_speeding_confidence: "How sure speeding from positions is",
  device_confidence: "How sure a device's alarm is",
  night_from_hour: "Night begins",
  night_until_hour: "Night ends",
  morning_rush_from_hour: "Morning rush begins",
  morning_rush_until_hour: "Morning rush ends",
  evening_rush_from_hour: "Evening rush begins",
  evening_rush_until_hour: "Evening rush ends",
};

const KINDS = [
  [/^risk_/, "most points"],
  [/^prior_/, "the portfolio's mean"],
  [/^trip_/, "points off"],
];

/** What a value is, in words. */
export function meaning(name) {
  if (MEANINGS[name]) return MEANINGS[name];
  for (const [prefix, what] of KINDS) {
    const factor = FACTORS[name.replace(prefix, "")];
    if (prefix.test(name) && factor) return `${factor}: ${what}`;
  }
  return words(name.replace(/^gps_/, "").replace(/_(ms2|kmh|km|s|m)$/, ""));
}

/** A value with its unit. */
export function written({ value, unit: told }) {
  const [unit, none] = told.split(", ");
  if (none === "0 for none" && value === 0) return "None";
  if (unit === "h") return time(Math.round(value * 60));
  return unit === "0-1" ? String(value) : `${value}\u00a0${unit}`;
}

function time(minutes) {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

/** The values in groups `{id, title, values}`, those first that are asked about most. */
export function groups(values) {
  const left = [...values];
  return GROUPS.map(({ id, title, of }) => {
    const these = left.filter((one) => of.test(one.name));
    for (const one of these) left.splice(left.indexOf(one), 1);
    return { id, title, values: these };
  }).filter((group) => group.values.length > 0);
}
