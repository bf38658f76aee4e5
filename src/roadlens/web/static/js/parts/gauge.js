// A score of 0–100 as an arc with its three levels, a needle, and the number in words for those who do not see it.

import { h, s } from "../dom.js";
import { number, words } from "../format.js";
import { levelOf, risk } from "./badge.js";

const [X, Y, RADIUS] = [130, 126, 100];
const ZONES = [
  ["low", 0, 40],
  ["medium", 40, 70],
  ["high", 70, 100],
];

/** `label` says what is measured, as "Risk score". A value of null shows an empty gauge. */
export function gauge({ label, value, level = levelOf(value) }) {
  const known = value !== null && value !== undefined;
  const spoken = known ? `${label}: ${number(value, 1)} of 100, ${words(level)}` : `${label}: none yet`;
  const filled = known ? ZONES.map(([zone, from, to]) => value > from && arc(zone, from, Math.min(to, value), "")) : [];
  return h(
    "div",
    { class: "gauge" },
    s(
      "svg",
      { viewBox: "0 0 260 148", role: "img", "aria-label": spoken },
      ZONES.map(([zone, from, to]) => arc(zone, from, to, "gauge-zone")),
      filled,
      known && needle(value),
      s("text", { class: "gauge-value", x: X, y: Y - 8 }, number(known ? value : null, 1)),
      s("text", { class: "gauge-end", x: X - RADIUS, y: Y + 18 }, "0"),
      s("text", { class: "gauge-end", x: X + RADIUS, y: Y + 18 }, "100"),
    ),
    risk(level),
  );
}

function place(value, radius) {
  const angle = Math.PI * (1 - value / 100);
  return `${(X + radius * Math.cos(angle)).toFixed(2)} ${(Y - radius * Math.sin(angle)).toFixed(2)}`;
}

// A small gap on either side, so that the levels are told apart without colour.
function arc(zone, from, to, kind) {
  const [begin, end] = [from === 0 ? 0 : from + 0.5, to >= 100 ? 100 : to - 0.5];
  if (end <= begin) return null;
  return s("path", {
    class: kind,
    "data-risk": zone,
    d: `M${place(begin, RADIUS)} A${RADIUS} ${RADIUS} 0 0 1 ${place(end, RADIUS)}`,
  });
}

function needle(value) {
  return s("path", { class: "gauge-needle", d: `M${place(value, RADIUS - 14)} L${place(value, RADIUS + 12)}` });
}
