// What the cache's own names mean, for people who did not write it.

import { words } from "../format.js";

const ANSWERS = {
  attention: "Drivers to look at first",
  dashboard_stats: "Totals and newest drivers",
  dashboard_summary: "Overview's numbers",
  driver_detail: "One driver",
  driver_statistics: "One driver's statistics",
  drivers_list: "List of drivers",
  events_list: "List of safety events",
  risk_distribution: "Levels of risk",
  risk_score: "One driver's score",
  safety_events: "Safety events by kind",
  trip_activity: "Trips per day",
  trip_detail: "One trip",
  trips_list: "List of trips",
  users_list: "List of users",
  vehicles_list: "List of vehicles",
};

/** What is kept under this prefix. */
export function called(prefix) {
  return ANSWERS[prefix] ?? words(prefix);
}

/** Names in a row: `drivers, vehicles and users`. */
export function enumerated(names) {
  return new Intl.ListFormat("en", { type: "conjunction" }).format(names);
}
