// What a driver did over the last days: how much, how often something happened, and when it was driven.

import { address } from "../api.js";
import { h } from "../dom.js";
import { count, duration, number, quantity, share, words } from "../format.js";
import { choice } from "../parts/choice.js";
import { bars } from "../parts/figures.js";
import { panel, room } from "../parts/panel.js";
import { pairs } from "../parts/pairs.js";
import { TYPES } from "./event_list.js";

const SHARES = [
  ["night_share", "At night"],
  ["rush_hour_share", "In the rush hour"],
  ["weekend_share", "At the weekend"],
  ["speeding_share", "Above the limit"],
];

export function statistics(page, path) {
  const days = choice({
    label: "Days looked back",
    value: 30,
    options: [7, 30, 90].map((value) => ({ value, label: `${value} days` })),
    chosen: () => one.refresh(),
  });
  const view = (found) =>
    found.trips === 0 ? null : [h("div", { class: "blocks" }, driving(found), rates(found), shares(found))];
  const empty = () => ({ title: `No trips in the last ${days.value} days`, text: "A longer time may have some." });
  const one = panel({ title: "Statistics", tall: room(222, 560), actions: [days.node], view, empty });
  one.follow(page, () => address(`${path}/statistics`, { period_days: days.value }));
  return one.node;
}

function driving(found) {
  const trips = `${number(found.trips)} on ${count(found.driven_days, "day", "days")}`;
  return block(
    "Driving",
    pairs([
      ["Trips", trips],
      ["Distance", quantity(found.distance_km, "km", 1)],
      ["Time", duration(found.duration_s)],
      ["Mean speed, moving", quantity(found.mean_speed_kmh, "km/h", 1)],
      ["Top speed", quantity(found.top_speed_kmh, "km/h", 1)],
    ]),
  );
}

function rates(found) {
  const rates = found.events_per_100_km ?? {};
  const most = Math.max(...TYPES.map((type) => rates[type] ?? 0), 1);
  const rows = TYPES.map((type) => ({
    label: words(type),
    share: (rates[type] ?? 0) / most,
    value: number(rates[type], 1),
    note: `${number(found.event_counts[type])}\u00a0×`,
  }));
  return block("Events per 100 km", bars({ caption: "Events per 100 km, and how many", rows }));
}

function shares(found) {
  const rows = SHARES.map(([name, label]) => ({ label, share: found[name], value: share(found[name], 1) }));
  return block("Of the distance", bars({ caption: "Shares of the distance", rows }));
}

function block(title, node) {
  return h("div", {}, h("h3", {}, title), node);
}
