// Speeds in classes: each has a colour and a width, so that a track is read without colours too.

import { h, s } from "../dom.js";

// Below how many km/h a class ends.
const ENDS = [20, 40, 60, 80, 110, Infinity];
export const CLASSES = ENDS.map((end, index) => ({
  name: `speed-${index + 1}`,
  width: 2.5 + index * 0.9,
  label: end === Infinity ? `over\u00a0${ENDS.at(-2)}` : `${index ? ENDS[index - 1] : 0}–${end}`,
}));
export const UNKNOWN = { name: "speed-none", width: 2.5, label: "not known" };

/** The class of a speed in km/h. */
export function speedClass(speed) {
  return speed === null ? UNKNOWN : CLASSES[ENDS.findIndex((end) => speed < end)];
}

/** What colours and widths mean, for the classes that a track has. */
export function legend(track) {
  const seen = new Set(track.map((point) => speedClass(point.speed_kmh)));
  const shown = [...CLASSES, UNKNOWN].filter((one) => seen.has(one));
  return h("div", { class: "legend" }, h("span", {}, "Speed in km/h"), h("ul", {}, shown.map(entry)));
}

function entry({ name, width, label }) {
  const line = s("path", { class: `track ${name}`, d: "M4 8H26", "stroke-width": width });
  const casing = s("path", { class: "casing", d: "M4 8H26", "stroke-width": width + 3 });
  return h(
    "li",
    {},
    s("svg", { viewBox: "0 0 30 16", width: 30, height: 16, "aria-hidden": "true" }, casing, line),
    label,
  );
}
