// Why a trip has less than 100 points: what was taken off for what.

import { h } from "../dom.js";
import { count, number, quantity } from "../format.js";
import { pairs } from "../parts/pairs.js";
import { panel } from "../parts/panel.js";

const EMPTY = {
  title: "Not known any more",
  text: "The vehicle was of another class when the trip was scored.",
};

export function deductions() {
  const view = (trip) => {
    if (trip.deductions === null) return null;
    const rows = trip.deductions.map((one) => [name(one), points(-one.points)]);
    return [pairs([["To begin with", points(100)], ...rows, [h("strong", {}, "Trip score"), total(trip)]])];
  };
  return panel({ title: "How it is scored", tall: 150, view, empty: EMPTY });
}

function name({ label, amount, amount_unit: unit }) {
  if (unit === null) return label;
  const much = unit === "km" ? quantity(amount, "km", 1) : count(amount, "event", "events");
  return [label, h("span", { class: "quiet" }, ` · ${much}`)];
}

function points(value) {
  return `${value < 0 ? "−" : ""}${number(Math.abs(value), 2)}`;
}

function total(trip) {
  return h("strong", {}, points(trip.trip_score));
}
