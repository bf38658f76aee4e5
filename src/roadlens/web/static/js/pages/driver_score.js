// A driver's risk score: as a gauge, taken apart into what makes it up, and how it went day by day.

import { h } from "../dom.js";
import { count, day, number, quantity, share, words } from "../format.js";
import { levelOf } from "../parts/badge.js";
import { axis, chart } from "../parts/chart.js";
import { gauge } from "../parts/gauge.js";
import { panel, room } from "../parts/panel.js";

const DAY = 86_400_000;

/** The panels `{gauge, factors, history}` of what `/risk` answers. */
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

function factorsPanel() {
  const view = (risk) => (risk.factors.length === 0 ? null : [factorTable(risk), explained()]);
  const empty = {
    title: "Nothing to take apart yet",
    text: "As soon as there is a score, this shows how many points each kind of behaviour adds to it.",
  };
  return panel({ title: "What makes up the score", kind: "full", tall: room(490, 800), view, empty });
}

function explained() {
  return h(
    "p",
    { class: "quiet small inset" },
    "The bar shows the points, and its length the most that a factor can add. While there is little driving, a rate " +
      "counts as one that lies nearer to the portfolio's mean.",
  );
}

function factorTable(risk) {
  const widest = Math.max(...risk.factors.map((one) => one.weight));
  const sorted = risk.factors.toSorted((a, b) => b.points - a.points);
  return h(
    "table",
    { class: "table dense factors" },
    h("caption", { class: "unseen" }, "What makes up the score: points of each factor"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col", colspan: 2 }, "Factor"),
        h("th", { scope: "col", class: "end" }, "Points"),
        h("th", { scope: "col" }, "Against the mean"),
      ),
    ),
    h(
      "tbody",
      {},
      sorted.map((one) => factorRow(one, widest)),
    ),
    h(
      "tfoot",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "row" }, "Risk score"),
        h("td", { "aria-hidden": "true" }),
        h(
          "td",
          { class: "end", "data-label": "Points" },
          h("strong", {}, number(risk.risk_score, 2)),
          h("span", { class: "second" }, "of 100"),
        ),
        h("td", {}, words(risk.risk_level)),
      ),
    ),
  );
}

function factorRow(one, widest) {
  const above = one.credible > one.expected;
  const level = Math.abs(one.credible / one.expected - 1) < 0.005;
  const bar = h(
    "span",
    {
      class: "points",
      style: { "--most": `${(100 * one.weight) / widest}%`, "--share": `${(100 * one.points) / one.weight}%` },
      "data-above": above && !level,
    },
    h("i"),
  );
  const sign = level ? "= At the mean" : above ? "▲ Above the mean" : "▼ Below the mean";
  const rates = `${rate(one, one.observed)}, mean ${rate(one, one.expected)}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, one.label, h("span", { class: "second" }, unit(one))),
    h("td", { class: "bar", "aria-hidden": "true" }, bar),
    h(
      "td",
      { class: "end", "data-label": "Points" },
      h("strong", {}, `+${number(one.points, 2)}`),
      h("span", { class: "second" }, `of ${number(one.weight)}`),
    ),
    h(
      "td",
      { "data-label": "Against the mean" },
      h("span", {}, sign),
      h("span", { class: "second" }, rates, `; counts as ${rate(one, one.credible)}`),
    ),
  );
}

function unit(one) {
  return one.unit === "share of distance" ? "Share of the distance" : words(one.unit).replace("Per", "Events per");
}

function rate(one, value) {
  return one.unit === "share of distance" ? share(value, 1) : number(value, 1);
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
