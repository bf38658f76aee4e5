// The track of a trip on a map, and a slider that goes along it.

import { h, replace, say, unique } from "../dom.js";
import { clock, number, quantity, words } from "../format.js";
import { panel } from "../parts/panel.js";
import { trackMap } from "../parts/map.js";
import { legend } from "../parts/speeds.js";
import { mark, severity } from "./event_list.js";

const TALL = 566;
// Milliseconds between the ends of a trip and of its track.
const APART = 60_000;
const LABEL = "Track of the trip";
const EMPTY = {
  title: "No track",
  text: "The positions of this trip are not kept, or no longer. Its numbers and its score stay as they are.",
};

/** `{panel, at(index), pick(event)}`. `moved(index)`: another point is looked at; `picked(event)`: an event is. */
export function trackOfTrip({ page, moved, picked }) {
  const { rail, slider, told } = along();
  const legends = h("div", { class: "legends" });
  const map = trackMap({ label: LABEL, moved: look, signal: page.signal });
  const node = h("div", { class: "track-of-trip", style: { "--tall": `${TALL}px` } }, map.node, rail, legends);
  let trip = null;
  const marks = pinned({ picked, looked: beside });

  function show(found) {
    if (found.track.length === 0 && found.events.length === 0) return false;
    if (trip && JSON.stringify(trip) === JSON.stringify(found)) return true;
    trip = found;
    const pins = marks.of(found.events);
    map.show({ track: found.track, pins, label: described(found) });
    marks.stay();
    const known = found.track.length > 0;
    rail.hidden = !known;
    slider.max = Math.max(0, found.track.length - 1);
    replace(legends, known && legend(found.track), kept(found));
    if (known) at(Math.min(Number(slider.value), found.track.length - 1));
    return true;
  }

  /** Mark this point. */
  function at(index) {
    const point = trip?.track[index];
    if (!point) return;
    slider.value = index;
    const speed = point.speed_kmh === null ? "speed not known" : quantity(point.speed_kmh, "km/h");
    const text = `${clock(point.time)} · ${speed}`;
    say(told, text);
    slider.setAttribute("aria-valuetext", text);
    map.at(index);
  }

  function look(index) {
    at(index);
    moved(index);
  }

  /** Mark this event, and the point that is nearest in time. */
  function pick(event) {
    marks.pick(event.event_id);
    beside(event);
  }

  function beside(event) {
    const index = indexAt(trip.track, event.occurred_at);
    if (index !== null) look(index);
  }

  slider.addEventListener("input", () => look(Number(slider.value)));
  return { panel: panel({ title: "Track", kind: "full", tall: TALL, fill: { node, show }, empty: EMPTY }), at, pick };
}

/** The slider along the track, and what it says. */
function along() {
  const id = unique("moment");
  const told = h("span", { class: "moment-told", "aria-hidden": "true" });
  const slider = h("input", { class: "slider", id, type: "range", min: 0, value: 0, step: 1 });
  return { rail: h("div", { class: "moment" }, h("label", { for: id }, "Moment"), slider, told), slider, told };
}

/** The place in the track that is nearest to this time, or null. */
export function indexAt(track, time) {
  const [wanted, away] = [Date.parse(time), (point) => Math.abs(Date.parse(point.time) - Date.parse(time))];
  if (track.length === 0) return null;
  let [low, high] = [0, track.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(track[middle].time) < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && away(track[low - 1]) < away(track[low]) ? low - 1 : low;
}

/** The marks of events: made anew for these, the picked one again; who stood on one stands there after `stay()`. */
function pinned({ picked, looked }) {
  let [pins, marked, focused] = [new Map(), null, null];
  const press = () => pins.forEach((one, name) => one.toggleAttribute("data-picked", name === marked));

  function of(events) {
    focused = [...pins].find(([, one]) => one === document.activeElement)?.[0];
    pins = new Map(events.map((event, index) => [event.event_id, pin(event, index, { picked, looked })]));
    roving([...pins.values()]);
    press();
    return events.map((event) => ({ ...event, node: pins.get(event.event_id) }));
  }

  function pick(event_id) {
    marked = event_id;
    press();
  }

  return { of, pick, stay: () => pins.get(focused)?.focus({ preventScroll: true }) };
}

function pin(event, index, { picked, looked }) {
  const said = `${index + 1}: ${words(event.event_type)} at ${clock(event.occurred_at)}, ${severity(event)}`;
  return h(
    "button",
    {
      class: "pin",
      type: "button",
      "data-type": event.event_type,
      "aria-label": said,
      title: said,
      onclick: () => picked(event),
      onfocus: () => looked(event),
    },
    mark(event.event_type, index + 1),
  );
}

/** One stop of the tab key for all of them; arrows go from one to the next. */
function roving(buttons) {
  const only = (one) => buttons.forEach((button) => (button.tabIndex = button === one ? 0 : -1));
  only(buttons[0]);
  buttons.forEach((button, index) => {
    button.addEventListener("focus", () => only(button));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      buttons[(index + step + buttons.length) % buttons.length].focus();
    });
  });
}

/** How much of the track is kept, unless it is all. */
function kept({ track, started_at, ended_at }) {
  const apart = (one, other) => Math.abs(Date.parse(one) - Date.parse(other)) > APART;
  const whole = track.length > 0 && !apart(track[0].time, started_at) && !apart(track.at(-1).time, ended_at);
  if (whole) return null;
  const some = track.length > 0 ? "Only a part of the positions is kept." : "The positions are not kept, or no longer.";
  return h("p", { class: "quiet" }, `${some} Where events happened is known all the same.`);
}

function described(trip) {
  const known =
    trip.track.length > 0
      ? `${quantity(trip.distance_km, "km", 1)}, at most ${quantity(trip.top_speed_kmh, "km/h")}`
      : "not kept";
  return `${LABEL}: ${known}; events on it: ${number(trip.events.length)}. The table of speeds below has its places.`;
}
