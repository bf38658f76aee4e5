// All safety events, newest first: of a kind, a source, a state of review, a driver, between days.

import { words } from "../format.js";
import { listPage } from "../parts/leafed.js";
import { EVENT_COLUMNS, SOURCES, STATES, TYPES } from "./event_list.js";

const FIELDS = [
  { name: "driver_id", label: "Driver ID", kind: "text", placeholder: "DRV-0001" },
  {
    name: "event_type",
    label: "Event",
    kind: "choice",
    options: [["", "All events"], ...TYPES.map((type) => [type, words(type)])],
  },
  { name: "source", label: "Source", kind: "choice", options: [["", "All sources"], ...Object.entries(SOURCES)] },
  {
    name: "state",
    label: "Review",
    kind: "choice",
    options: [["", "All states"], ...STATES.map((state) => [state, words(state)])],
  },
  { name: "from", label: "From", kind: "day" },
  { name: "to", label: "To", kind: "day" },
];

export function open(page) {
  listPage(page, {
    title: "Events",
    name: "events",
    one: "event",
    fields: FIELDS,
    columns: EVENT_COLUMNS,
    key: (event) => event.event_id,
    none: { title: "No events yet", text: "They are found in trips: braking, acceleration, cornering, speed, phone." },
  });
}
