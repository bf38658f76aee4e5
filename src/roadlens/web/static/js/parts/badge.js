// A level of risk: in colour, in a shape of its own, and in words.

import { h } from "../dom.js";
import { number, words } from "../format.js";
import { icon } from "../icons.js";

const LEVELS = new Set(["low", "medium", "high"]);

/** `low`, `medium`, `high`, or null: no score yet. */
export function risk(level) {
  if (!LEVELS.has(level)) return h("span", { class: "badge" }, icon("none"), "No score yet");
  return h("span", { class: "badge", "data-risk": level }, icon(level), words(level));
}

// How things stand, in the colours and shapes of risk.
const STATES = { good: "low", care: "medium", bad: "high" };

/** How something stands, `good`, `care`, `bad`, or null for neither, in words that are given. */
export function state(kind, text) {
  const level = STATES[kind];
  return h("span", { class: "badge", "data-risk": level }, icon(level ?? "none"), text);
}

/** A risk score with its level. */
export function score(value, level) {
  if (value === null || value === undefined) return risk(null);
  return h("span", { class: "row" }, h("strong", {}, number(value, 1)), risk(level));
}

/** The level of a score: low ≤ 40 < medium ≤ 70 < high. */
export function levelOf(value) {
  if (value === null || value === undefined) return null;
  return value <= 40 ? "low" : value <= 70 ? "medium" : "high";
}
