// The speed of a trip over time, with what happened when.

import { clock, number, quantity, words } from "../format.js";
import { axis, chart, plain } from "../parts/chart.js";
import { panel } from "../parts/panel.js";
import { indexAt } from "./trip_track.js";

// Rows of the table at most: one in every so many points.
const MOST_ROWS = 120;
// Milliseconds: below this the axis shows seconds.
const SHORT = 300_000;

/** `{panel, at(index)}`; `moved(index)` is called when a moment is pointed at. */
export function speedOverTime({ page, moved }) {
  const fill = chart({
    label: "Speed over time",
    tall: 240,
    signal: page.signal,
    columns: ["Time", "Speed", "Latitude", "Longitude"],
    rows: (trip) => thinned(trip.track).map(row),
    extra: (trip) =>
      `Top speed ${quantity(trip.top_speed_kmh, "km/h")}. The table has one row in every so many positions`,
    pointed: moved,
    plot: speeds,
  });
  const empty = { title: "No speeds", text: "They come from positions, and those of this trip are not kept." };
  return { panel: panel({ title: "Speed over time", tall: 288, fill, empty }), at: fill.point };
}

function row(point) {
  const place = (degrees) => number(degrees, 5);
  return [clock(point.time), quantity(point.speed_kmh, "km/h", 1), place(point.latitude), place(point.longitude)];
}

function thinned(track) {
  const every = Math.ceil(track.length / MOST_ROWS);
  return track.filter((_, index) => index % every === 0 || index === track.length - 1);
}

/** plotly.js writes times as they are given: in the reader's time zone, then. */
function local(time) {
  const moment = new Date(time);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 23);
}

function speeds(trip, paint, width) {
  const { track } = trip;
  const [begin, end] = [track[0].time, track.at(-1).time];
  // Part of the track may be gone: what happened there has no speed to stand at.
  const events = trip.events.filter((event) => event.occurred_at >= begin && event.occurred_at <= end);
  const short = Date.parse(end) - Date.parse(begin) < SHORT;
  const x = track.map((point) => local(point.time));
  const line = {
    type: "scatter",
    mode: "lines",
    x,
    y: track.map((point) => point.speed_kmh),
    line: { color: paint("series-1"), width: 2 },
    fill: "tozeroy",
    fillcolor: paint("lead-soft"),
    hovertemplate: "%{y:.0f} km/h<extra></extra>",
  };
  const places = events.map((event) => indexAt(track, event.occurred_at));
  const happened = {
    type: "scatter",
    mode: "markers",
    x: places.map((index) => x[index]),
    y: places.map((index) => track[index]?.speed_kmh ?? 0),
    marker: {
      color: paint("mark"),
      size: 11,
      symbol: events.map((event) => SYMBOLS[event.event_type] ?? "circle"),
      line: { color: paint("ink"), width: 1.5 },
    },
    text: events.map((event) => plain(`${trip.events.indexOf(event) + 1}: ${words(event.event_type)}`)),
    hovertemplate: "%{text}<extra></extra>",
  };
  return {
    traces: [line, happened],
    layout: {
      margin: { l: 44, r: 10, t: 10, b: 28 },
      xaxis: axis({
        type: "date",
        showgrid: false,
        automargin: false,
        tickformat: short ? "%H:%M:%S" : "%H:%M",
        hoverformat: "%H:%M:%S",
        nticks: Math.max(2, Math.floor(width / 90)),
        tickangle: 0,
      }),
      yaxis: axis({
        rangemode: "tozero",
        nticks: 5,
        automargin: false,
        title: { text: "km/h", font: { size: 12, color: paint("quiet") }, standoff: 4 },
      }),
    },
  };
}

// The shapes of the events on the map.
const SYMBOLS = {
  harsh_braking: "square",
  rapid_acceleration: "triangle-up",
  harsh_cornering: "diamond",
  speeding: "circle",
  phone_use: "hexagon",
};
