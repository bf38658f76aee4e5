// The fleet at a glance: four numbers, trips per day, levels of risk, safety events, and whom to look at first.

import { address } from "../api.js";
import { h } from "../dom.js";
import { count, day, fullName, number, quantity, words } from "../format.js";
import { link } from "../router.js";
import { levelOf, risk, score } from "../parts/badge.js";
import { axis, chart, heading } from "../parts/chart.js";
import { choice } from "../parts/choice.js";
import { bars, cards, grey, scale } from "../parts/figures.js";
import { pairs } from "../parts/pairs.js";
import { panel } from "../parts/panel.js";
import { since } from "../parts/since.js";

const DASHBOARD = "/admin/dashboard";

export function open(page) {
  page.head("Overview");
  const now = fleet(page);
  const column = (kind, ...parts) => h("div", { class: `column ${kind}` }, parts);
  const left = column("two-thirds", activity(page), attention(page));
  const right = column("third", levels(page), events(page), newest(page, now.told));
  page.main.append(h("div", { class: "grid" }, now.node, left, right));
}

function fleet(page) {
  let more = null;
  const beside = (name, one, many) => (more ? count(more.totals[name], one, many) : "\u00a0");
  const shape = (found) => [
    { label: "Drivers", value: found.drivers, note: beside("users", "user of Roadlens", "users of Roadlens") },
    { label: "Vehicles", value: found.vehicles, note: beside("devices", "device", "devices") },
    { label: "Trips", value: found.trips, note: beside("events", "safety event", "safety events") },
    { label: "Mean risk score", value: found.score, more: found.scale, note: found.note },
  ];
  const waiting = {
    drivers: grey(),
    vehicles: grey(),
    trips: grey(),
    score: grey(),
    scale: scale(null),
    note: "\u00a0",
  };
  const view = ({ total_drivers, total_vehicles, total_trips, avg_risk_score: score }) => {
    const counts = { drivers: number(total_drivers), vehicles: number(total_vehicles), trips: number(total_trips) };
    return [cards(shape({ ...counts, score: number(score, 1), scale: scale(score), note: meaning(score) }))];
  };
  const one = panel({ title: "The fleet now", kind: "bare", tall: 122, waiting: cards(shape(waiting)), view });
  one.follow(page, () => `${DASHBOARD}/summary`);
  const told = (stats) => {
    more = stats;
    one.redraw();
  };
  return { node: one.node, told };
}

/** `told` gets all totals, for they come with the newest drivers. */
function newest(page, told) {
  const view = (stats) => {
    told(stats);
    const found = stats.recent_drivers;
    if (found.length === 0) return null;
    const name = (one) => h("a", { href: link(["drivers", one.driver_id]) }, fullName(one));
    const made = (one) => h("span", { class: "quiet" }, since(one.created_at));
    return [pairs(found.map((one) => [name(one), made(one)]))];
  };
  const empty = { title: "No drivers yet", text: "They come with devices, or from the page Drivers." };
  const one = panel({ title: "Newest drivers", tall: 204, view, empty });
  one.follow(page, () => `${DASHBOARD}/stats`);
  return one.node;
}

function meaning(score) {
  return score === null ? "No driver has a score yet" : `${words(levelOf(score))}; 0 is safest`;
}

function activity(page) {
  const days = choice({
    label: "Days shown",
    value: 14,
    options: [7, 14, 30].map((value) => ({ value, label: `${value} days` })),
    chosen: () => one.refresh(),
  });
  const fill = chart({
    label: "Trips per day and their mean score",
    tall: 300,
    signal: page.signal,
    columns: ["Day", "Trips", "Mean trip score"],
    rows: (found) => found.map((one) => [day(one.date), number(one.trip_count), number(one.avg_score, 1)]),
    extra: (found) => `${number(found.reduce((sum, one) => sum + one.trip_count, 0))} trips in ${found.length} days`,
    plot: tripsPerDay,
  });
  const one = panel({ title: "Trips per day", tall: 348, actions: [days.node], fill });
  one.follow(page, () => address(`${DASHBOARD}/trip-activity`, { days: days.value }));
  return one.node;
}

/** Two charts above each other on the same days, for a number of trips and a score share no scale. */
function tripsPerDay(found, paint, width) {
  const x = found.map((one) => day(one.date));
  const ticks = found.map((one) =>
    new Date(`${one.date}T00:00:00Z`).toLocaleDateString(undefined, {
      day: "numeric",
      month: "short",
      timeZone: "UTC",
    }),
  );
  const today = x.length - 1; // it is not over
  const every = Math.ceil(x.length / Math.max(2, Math.floor(width / 80)));
  const seen = x.map((_, index) => index).filter((index) => (x.length - 1 - index) % every === 0);
  return {
    traces: [
      {
        type: "bar",
        name: "Trips",
        x,
        y: found.map((one) => one.trip_count),
        marker: {
          color: paint("series-1"),
          cornerradius: 3,
          opacity: x.map((_, index) => (index === today ? 0.5 : 1)),
        },
        customdata: x.map((_, index) => (index === today ? " so far" : "")),
        hovertemplate: "%{y:,} trips%{customdata}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "lines+markers",
        name: "Mean trip score",
        x,
        y: found.map((one) => one.avg_score),
        yaxis: "y2",
        line: { color: paint("series-2"), width: 2 },
        marker: { size: 6 },
        hovertemplate: "score %{y:.1f}<extra></extra>",
      },
    ],
    layout: {
      bargap: 0.35,
      margin: { l: 44, r: 8, t: 22, b: 30 },
      xaxis: axis({
        type: "category",
        tickvals: seen.map((index) => x[index]),
        ticktext: seen.map((index) => ticks[index]),
        tickangle: 0,
        showgrid: false,
        anchor: "y",
        automargin: false,
      }),
      yaxis: axis({ domain: [0, 0.54], rangemode: "tozero", nticks: 4, automargin: false, tickformat: ",d" }),
      yaxis2: axis({ domain: [0.68, 1], nticks: 3, automargin: false, range: scoreRange(found) }),
      annotations: [heading("Mean trip score, 100 is safest", 1, paint), heading("Trips", 0.54, paint)],
    },
  };
}

function scoreRange(found) {
  const scores = found.map((one) => one.avg_score).filter((value) => value !== null);
  if (scores.length === 0) return [0, 100];
  return [
    Math.max(0, Math.floor((Math.min(...scores) - 2) / 5) * 5),
    Math.min(100, Math.ceil((Math.max(...scores) + 1) / 5) * 5),
  ];
}

function levels(page) {
  const view = (found) => {
    const scored = found.reduce((sum, one) => sum + one.driver_count, 0);
    if (scored === 0) return null;
    const rows = found.map((one) => ({
      label: h(
        "a",
        { href: link(["drivers"], { risk_level: one.risk_level, sort: "risk", order: "desc" }) },
        risk(one.risk_level),
      ),
      share: one.percentage / 100,
      risk: one.risk_level,
      value: number(one.driver_count),
      note: quantity(one.percentage, "%", 1),
    }));
    return [
      bars({ caption: "Drivers by level of risk", rows }),
      h(
        "p",
        { class: "quiet small" },
        `Of ${count(scored, "driver", "drivers")} with a score. Low is up to 40, high above 70.`,
      ),
    ];
  };
  const empty = { title: "No scores yet", text: "A driver has a score after enough kilometres." };
  const one = panel({ title: "Levels of risk", tall: 170, view, empty });
  one.follow(page, () => `${DASHBOARD}/risk-distribution`);
  return one.node;
}

function events(page) {
  const view = (found) => {
    const most = Math.max(...found.map((one) => one.count));
    if (most <= 0) return null;
    const sum = found.reduce((all, one) => all + one.count, 0);
    const sorted = found.toSorted((a, b) => b.count - a.count);
    const rows = sorted.map((one) => ({
      label: words(one.event_type),
      share: one.count / most,
      value: number(one.count),
      note: quantity((100 * one.count) / sum, "%"),
    }));
    return [bars({ caption: "Safety events of the last 30 days", rows })];
  };
  const empty = { title: "No safety events", text: "None in the last 30 days." };
  const one = panel({ title: "Safety events, 30 days", tall: 204, view, empty });
  one.follow(page, () => `${DASHBOARD}/safety-events?days=30`);
  return one.node;
}

function attention(page) {
  const view = (found) => {
    if (found.length === 0) return null;
    const rows = found.map((one) =>
      h(
        "tr",
        {},
        h(
          "th",
          { scope: "row" },
          h("a", { href: link(["drivers", one.driver_id]) }, fullName(one)),
          h("span", { class: "second" }, one.driver_id),
        ),
        h("td", { "data-label": "Risk" }, score(one.risk_score, one.risk_level)),
        h("td", { "data-label": "Mostly for" }, reason(one.main_factor)),
        h("td", { class: "end", "data-label": "Driven" }, quantity(one.distance_km, "km")),
      ),
    );
    const heads = ["Driver", "Risk", "Mostly for", "Driven"].map((name, index) =>
      h("th", { scope: "col", class: index === 3 ? "end" : "" }, name),
    );
    return [
      h(
        "table",
        { class: "table" },
        h("caption", { class: "unseen" }, "Drivers to look at first"),
        h("thead", {}, h("tr", {}, heads)),
        h("tbody", {}, rows),
      ),
    ];
  };
  const empty = { title: "Nobody to look at", text: "No driver has a score yet." };
  const more = h("a", { class: "small", href: link(["drivers"], { sort: "risk", order: "desc" }) }, "All by risk");
  const one = panel({ title: "Drivers to look at first", kind: "full", tall: 330, actions: [more], view, empty });
  one.follow(page, () => `${DASHBOARD}/attention?limit=5`);
  return one.node;
}

function reason(factor) {
  if (!factor) return "–";
  const rate = `${number(factor.observed, 1)} ${factor.unit}, others ${number(factor.expected, 1)}`;
  return [factor.label, h("span", { class: "second" }, rate)];
}
