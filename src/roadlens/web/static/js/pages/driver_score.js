// A driver's risk score: as a gauge, taken apart into what makes it up, in words, and how it went day by day.

import { h } from "../dom.js";
import { count, day, number, quantity, words } from "../format.js";
import { levelOf } from "../parts/badge.js";
import { axis, chart } from "../parts/chart.js";
import { gauge } from "../parts/gauge.js";
import { panel } from "../parts/panel.js";
import { factorsPanel } from "./driver_factors.js";
import { reasonsPanel } from "./driver_reasons.js";

const DAY = 86_400_000;

/** The panels `{gauge, factors, reasons, history}` of what `/risk` answers. */
export function scorePanels(page) {
  return {
    gauge: panel({
      title: "Risk score",
      tall: 244,
      view: (risk) => [
        gauge({ label: "Risk score", value: risk.risk_score, level: risk.risk_level }),
        h("p", { class: "quiet small middle" }, meaning(risk)),
      ],
    }),
    factors: factorsPanel(),
    reasons: reasonsPanel(),
    history: historyPanel(page),
  };
}

function meaning(risk) {
  if (risk.day === null) return "No score yet: there has not been a trip.";
  const driven = quantity(risk.distance_km, "km", risk.distance_km < 10 ? 1 : 0);
  const window = `${driven} in the ${count(risk.window_days, "day", "days")} up to ${day(risk.day)}`;
  if (risk.risk_score === null) return `No score yet: ${window} say too little. It comes by itself with more driving.`;
  return `From ${window}. 0 is safest.`;
}

function historyPanel(page) {
  const scored = (risk) => risk.history.filter((one) => one.risk_score !== null);
  const fill = chart({
    label: "Risk score day by day",
    tall: 250,
    signal: page.signal,
    columns: ["Day", "Risk score", "Level", "Driven in the window"],
    rows: (risk) =>
      scored(risk).map((one) => [
        day(one.day),
        number(one.risk_score, 1),
        words(one.risk_level),
        quantity(one.distance_km, "km"),
      ]),
    extra: (risk) => course(scored(risk)),
    plot: (risk, paint, width) => line(everyDay(scored(risk)), paint, width),
  });
  const empty = { title: "No scores yet", text: "Each driven day will have one as soon as enough was driven." };
  return panel({ title: "How the score went", tall: 298, fill, empty });
}

function course(scored) {
  if (scored.length === 0) return "";
  const [first, last] = [scored[0], scored.at(-1)];
  return `${number(first.risk_score, 1)} on ${day(first.day)}, ${number(last.risk_score, 1)} on ${day(last.day)}`;
}

/** A score holds until the next driven day: every calendar day has the one of its last driven day. */
function everyDay(scored) {
  const days = [];
  scored.forEach((one, index) => {
    const until = scored[index + 1] ? Date.parse(scored[index + 1].day) : Date.parse(one.day) + DAY;
    for (let at = Date.parse(one.day), driven = true; at < until; at += DAY, driven = false)
      days.push({ date: new Date(at), score: one.risk_score, driven });
  });
  return days;
}

function line(days, paint, width) {
  const long = (one) => one.date.toLocaleDateString(undefined, { dateStyle: "medium", timeZone: "UTC" });
  const short = (one) => one.date.toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
  const every = Math.ceil(days.length / Math.max(2, Math.floor(width / 90)));
  const seen = days.filter((_, index) => (days.length - 1 - index) % every === 0);
  const trace = {
    type: "scatter",
    mode: days.length > 120 ? "lines" : "lines+markers",
    x: days.map(long),
    y: days.map((one) => one.score),
    line: { color: paint("series-1"), width: 2, shape: "hv" },
    marker: { color: paint("series-1"), size: days.map((one) => (one.driven ? 6 : 0.1)) },
    customdata: days.map((one) => `${words(levelOf(one.score))}${one.driven ? "" : ", not driven"}`),
    hovertemplate: "%{y:.1f} · %{customdata}<extra></extra>",
  };
  const ticks = { tickvals: seen.map(long), ticktext: seen.map(short), tickangle: 0 };
  return {
    traces: [trace],
    layout: {
      margin: { l: 34, r: 62, t: 8, b: 30 },
      xaxis: axis({ type: "category", ...ticks, showgrid: false, automargin: false }),
      yaxis: axis({ range: [0, 100], tickvals: [0, 40, 70, 100], automargin: false }),
      shapes: [zone("low", 0, 40, paint), zone("medium", 40, 70, paint), zone("high", 70, 100, paint)],
      annotations: [
        said("Low", 20, paint("low")),
        said("Medium", 55, paint("medium")),
        said("High", 85, paint("high")),
      ],
    },
  };
}

function zone(level, y0, y1, paint) {
  const across = { xref: "paper", x0: 0, x1: 1, yref: "y", layer: "below" };
  return { type: "rect", ...across, y0, y1, fillcolor: paint(`${level}-soft`), line: { width: 0 }, opacity: 0.6 };
}

function said(text, y, color) {
  return {
    text,
    x: 1,
    y,
    xref: "paper",
    yref: "y",
    xanchor: "left",
    xshift: 6,
    showarrow: false,
    font: { size: 12, color },
  };
}
