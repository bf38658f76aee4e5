// The inbox of safety events: what needs review, and what was decided; one by one, or many at once.

import { address } from "../api.js";
import { h } from "../dom.js";
import { number, words } from "../format.js";
import { choice } from "../parts/choice.js";
import { listPage } from "../parts/leafed.js";
import { picks } from "../parts/picks.js";
import { mayEdit } from "../session.js";
import { eventColumns, SOURCES, TYPES } from "./event_list.js";
import { eventName, reviewing, STATES } from "./event_review.js";

const ALL = "all";
const FIELDS = [
  { name: "driver_id", label: "Driver ID", kind: "text", placeholder: "DRV-0001" },
  {
    name: "event_type",
    label: "Event",
    kind: "choice",
    options: [["", "All events"], ...TYPES.map((type) => [type, words(type)])],
  },
  { name: "source", label: "Source", kind: "choice", options: [["", "All sources"], ...Object.entries(SOURCES)] },
  { name: "from", label: "From", kind: "day" },
  { name: "to", label: "To", kind: "day" },
];
// While a box in the list has the focus.
const KEYS = { n: "needs_review", c: "coached", r: "recognised", d: "dismissed" };
const HINT = "In the list: ↑ and ↓ go from event to event, space selects, D dismisses, C is coached, R recognised, N needs review.";

export function open(page) {
  const asked = { state: page.query.get("state") };
  if (asked.state !== ALL && !STATES.includes(asked.state)) asked.state = STATES[0];
  const list = mayEdit() ? picking() : null;
  const tabs = stateTabs(page, asked, (taken) => {
    asked.state = taken;
    page.note({ ...listed.asked(), ...asked });
    listed.again();
    tabs.again();
  });
  const listed = listPage(page, {
    title: "Events",
    heading: "Inbox",
    name: "events",
    one: "event",
    fields: FIELDS,
    above: tabs.node,
    below: list?.node,
    more: () => ({ state: asked.state === ALL ? "" : asked.state }),
    columns: eventColumns(list?.column),
    key: (event) => event.event_id,
    rows: list?.shown,
    noted: () => asked,
    told: () => tabs.again(),
    none: () => nothing(asked.state),
  });
  tabs.follow(() => listed.asked());
}

/** Boxes in the rows, and what is done to those that are ticked. */
function picking() {
  const chosen = picks({
    key: (event) => event.event_id,
    named: eventName,
    one: "event",
    many: "events",
    keys: Object.fromEntries(
      Object.entries(KEYS).map(([letter, name]) => [letter, (events) => actions.decide(name, events)]),
    ),
  });
  const actions = reviewing({ picked: chosen.picked, done: () => chosen.clear() });
  const node = h("div", { class: "tools picking" }, chosen.node, actions.node, h("p", { class: "quiet small keys" }, HINT));
  return { column: chosen.column, shown: chosen.shown, node };
}

/** A tab for each state with how many events are in it; they are those of one driver if one is asked for. */
function stateTabs(page, asked, chosen) {
  const options = [...STATES, ALL].map((value) => ({ value, label: value === ALL ? "All" : words(value) }));
  const tabs = choice({ label: "Review", options, value: asked.state, chosen });
  const node = h("div", { class: "tools" }, tabs.node);
  let source = null;

  function shown({ data }) {
    const counts = new Map(data.states.map(({ state, count }) => [state, count]));
    counts.set(ALL, data.total);
    for (const { value, label } of options) tabs.say(value, `${label} ${number(counts.get(value))}`);
  }

  const follow = (given) => {
    const path = () => address("/admin/events/inbox", { driver_id: given().driver_id });
    source = page.live({ path, shown });
  };
  return { node, follow, again: () => source?.refresh() };
}

function nothing(state) {
  if (state === "needs_review") return { title: "Nothing needs review", text: "All events are decided, or there are none." };
  if (state !== ALL) return { title: `Nothing is ${words(state).toLowerCase()}`, text: "Nobody has decided so about an event." };
  return { title: "No events yet", text: "They are found in trips: braking, acceleration, cornering, speed, phone." };
}
