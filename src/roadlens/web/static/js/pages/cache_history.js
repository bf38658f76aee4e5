// The chart of the cache's last hour: how often what was asked for was there.

import { h, unique } from "../dom.js";
import { number, share } from "../format.js";
import { axis, chart, heading } from "../parts/chart.js";
import { panel } from "../parts/panel.js";
import { minutes, rate } from "./cache_minutes.js";
import { called } from "./cache_words.js";

const hours = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** The panel; one kind of answer can be chosen. */
export function hitRate(signal) {
  let prefix = "";
  const choose = kinds((chosen) => {
    prefix = chosen;
    one.redraw();
  });
  const plotted = chart({
    label: "Hit rate, hits and misses per minute of the last hour",
    tall: 300,
    signal,
    columns: ["Minute until", "Hit rate", "Hits", "Misses"],
    rows: (found) =>
      found
        .filter((minute) => rate(minute) !== null)
        .map((minute) => [hours.format(minute.at), share(rate(minute), 1), number(minute.hits), number(minute.misses)])
        .reverse(),
    extra: said,
    plot,
  });
  const show = ({ history }) => {
    choose.offer(history.prefixes.map((found) => found.key_prefix));
    return plotted.show(minutes(history, prefix));
  };
  const one = panel({
    title: "Hit rate over the last hour",
    tall: 348,
    actions: [choose.node],
    fill: { node: plotted.node, show },
    empty: {
      title: "Nothing was asked for within the hour",
      text: "The worker that answers remembers an hour, beginning with its start. Minutes appear here as soon as pages are looked at.",
    },
  });
  return one;
}

function said(found) {
  const sum = (name) => found.reduce((all, minute) => all + minute[name], 0);
  const all = { hits: sum("hits"), misses: sum("misses") };
  return `${share(rate(all), 1)} hits: ${number(all.hits)} hits, ${number(all.misses)} misses`;
}

/** `{node, offer(prefixes)}`: which kind of answer is shown. */
function kinds(chosen) {
  const id = unique("kind");
  const select = h(
    "select",
    { class: "input", id, onchange: () => chosen(select.value) },
    h("option", { value: "" }, "All answers"),
  );
  const node = h("div", { class: "choosing" }, h("label", { class: "unseen", for: id }, "Kind of answer"), select);
  const offer = (prefixes) => {
    const there = new Set([...select.options].map((option) => option.value));
    for (const prefix of prefixes)
      if (!there.has(prefix)) select.append(h("option", { value: prefix }, called(prefix)));
  };
  return { node, offer };
}

/** The rate above, on a scale of its own; below it how many, for a rate of three questions says little. */
function plot(found, paint, width) {
  const x = found.map((minute) => minute.at);
  const bars = (name, of, series) => ({
    type: "bar",
    name,
    x,
    y: found.map(of),
    marker: { color: paint(series) },
    hovertemplate: `%{y:,} ${name}<extra></extra>`,
  });
  return {
    traces: [
      bars("hits", (minute) => minute.hits, "series-1"),
      bars("misses", (minute) => minute.misses, "series-2"),
      {
        type: "scatter",
        mode: "lines+markers",
        name: "Hit rate",
        x,
        y: found.map((minute) => (rate(minute) === null ? null : 100 * rate(minute))),
        yaxis: "y2",
        line: { color: paint("series-1"), width: 2 },
        marker: { size: 4 },
        hovertemplate: "%{y:.1f} % hits<extra></extra>",
      },
    ],
    layout: layout(found, paint, width),
  };
}

function layout(found, paint, width) {
  const minute = 60_000;
  return {
    barmode: "stack",
    bargap: 0.25,
    margin: { l: 48, r: 12, t: 22, b: 30 },
    xaxis: axis({
      type: "date",
      range: [new Date(+found[0].at - minute / 2), new Date(+found.at(-1).at + minute / 2)],
      tickformat: "%H:%M",
      hoverformat: "%H:%M",
      nticks: Math.max(3, Math.floor(width / 110)),
      showgrid: false,
      anchor: "y",
      automargin: false,
    }),
    yaxis: axis({ domain: [0, 0.38], rangemode: "tozero", nticks: 3, automargin: false, tickformat: ",d" }),
    yaxis2: axis({
      domain: [0.54, 1],
      range: [0, 104],
      tickvals: [0, 50, 100],
      ticktext: ["0 %", "50 %", "100 %"],
      automargin: false,
    }),
    annotations: [heading("Hit rate per minute", 1, paint), heading("Hits, and misses above them", 0.38, paint)],
  };
}
