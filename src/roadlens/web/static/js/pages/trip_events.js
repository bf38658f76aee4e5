// What happened on a trip, as a table beside the track; each row has the number of its mark there.

import { h } from "../dom.js";
import { clock, words } from "../format.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { mayEdit } from "../session.js";
import { mark, REVIEW, severity, SOURCES } from "./event_list.js";
import { aboveLimit } from "./event_review.js";

/** `{panel, mark(event_id)}`. `picked(event)` is called when a row's button is pressed. */
export function eventsOfTrip({ picked }) {
  const rows = table({
    caption: "Events on the track",
    columns: [
      { label: "Event", head: true, cell: (event) => name(event, picked) },
      { label: "Severity", end: true, cell: severity },
      ...(mayEdit() ? [REVIEW] : []),
    ],
    key: (event) => event.event_id,
    dense: true,
  });
  const frame = h("div", { class: "event-rows" }, rows.node);
  let [buttons, marked] = [new Map(), null];

  function show({ events }) {
    const some = rows.show(events.map((event, index) => ({ ...event, number: index + 1 })));
    buttons = new Map([...frame.querySelectorAll("[data-event]")].map((button) => [button.dataset.event, button]));
    press();
    return some;
  }

  function press() {
    for (const [id, button] of buttons) button.setAttribute("aria-pressed", String(id === marked));
  }

  function choose(event_id) {
    marked = event_id;
    press();
    // Only the list scrolls: the page stays where it is looked at.
    const row = buttons.get(event_id)?.closest("tr");
    if (row) frame.scrollTop = row.offsetTop - frame.clientHeight / 2;
  }

  const empty = { title: "No safety events", text: "Nothing harsh, no speeding and no phone on this trip." };
  return {
    panel: panel({ title: "Events on it", kind: "full", tall: 300, fill: { node: frame, show }, empty }),
    mark: choose,
  };
}

function name(event, picked) {
  const button = h(
    "button",
    {
      class: "as-link",
      type: "button",
      "aria-pressed": "false",
      "data-event": event.event_id,
      onclick: () => picked(event),
    },
    words(event.event_type),
  );
  const reviewed = event.state === "needs_review" ? null : words(event.state);
  const more = [clock(event.occurred_at), SOURCES[event.source] ?? words(event.source), reviewed];
  const above = aboveLimit(event);
  return h(
    "span",
    { class: "marked" },
    mark(event.event_type, event.number),
    h(
      "span",
      {},
      button,
      h("span", { class: "second" }, more.filter(Boolean).join(" · ")),
      above && h("span", { class: "second" }, above),
    ),
  );
}
