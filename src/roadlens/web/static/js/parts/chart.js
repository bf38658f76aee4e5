// Charts by plotly.js, which is large: it is fetched once the first numbers stand. Each chart has its numbers as a
// table.

import { h, replace } from "../dom.js";
import { numbersStand } from "../live.js";
import { colour, whenThemeChanges } from "../theme.js";
import { plainTable } from "./table.js";

const CONFIG = { displayModeBar: false, responsive: false, showTips: false, doubleClick: false };
// Milliseconds.
const MOST_PATIENT = 5000;

let library = null;

/**
 * A chart that keeps itself, `{node, show(data)}`: the `fill` of a panel.
 *
 * `label` says what is seen, for those who do not see it. `plot(data, paint, width)` gives `{traces, layout}` of
 * plotly.js; `paint` gives colours of the style sheet by name, as `paint("series-1")`, in the theme of the moment.
 * Texts in it that come from data go through `plain`. `rows(data)` gives the table's lists of texts below `columns`;
 * `extra(data)` may add to `label`. `pointed(index)` is called with the place in the first trace that is pointed at;
 * `point(index)` points at one.
 */
export function chart({ label, tall = 260, plot, columns, rows, extra = () => "", pointed = null, signal }) {
  const place = h("div", {
    class: "chart-plot",
    role: "img",
    "aria-label": label,
    "data-waiting": true,
    style: { "--tall": `${tall}px` },
  });
  const numbers = h("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": `${label}: numbers` });
  const node = h("div", { class: "chart" }, place, h("details", {}, h("summary", {}, "Show as table"), numbers));
  let latest = null;
  let plotly = null;
  let [listening, pointing] = [false, false];

  async function show(data) {
    latest = data;
    place.setAttribute("aria-label", [label, extra(data)].filter(Boolean).join(". "));
    replace(numbers, plainTable(label, columns, rows(data)));
    if (plotly === null) {
      await numbersStand();
      await painted();
      plotly = await chartLibrary().catch(() => null);
      if (plotly === null) return place.setAttribute("aria-label", `${label}: the chart could not be loaded`);
      new ResizeObserver(() => requestAnimationFrame(draw)).observe(place);
      whenThemeChanges(draw, signal);
    }
    draw();
  }

  function draw() {
    // A page that is being left still stands for a moment, and its charts are put away already.
    if (signal?.aborted || !place.isConnected || place.clientWidth === 0) return;
    const { traces, layout } = plot(latest, colour, place.clientWidth);
    place.removeAttribute("data-waiting");
    // What is said at the pointer would stay in the colours and at the place that it had.
    if (listening) plotly.Fx.unhover(place);
    plotly.react(place, traces, { ...base(place.clientWidth, tall), ...layout }, CONFIG);
    if (pointed && !listening) place.on("plotly_hover", told);
    listening = true;
  }

  function told({ points }) {
    const first = points.find((one) => one.curveNumber === 0);
    if (first && !pointing) pointed(first.pointNumber);
  }

  function point(index) {
    const known = listening && place.calcdata?.[0]?.[index];
    if (!known) return;
    pointing = true;
    plotly.Fx.hover(place, { xval: known.x, yval: known.y }, "xy");
    pointing = false;
  }

  signal?.addEventListener("abort", () => plotly?.purge(place));
  return { node, point, show: (data) => (rows(data).length === 0 ? false : (show(data), true)) };
}

/** Text as plotly.js shows it letter for letter: it would read tags in it. */
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An axis in the dashboard's looks, with whatever more is given. It cannot be dragged: a page is scrolled over it. */
export function axis(more = {}) {
  return {
    fixedrange: true,
    zeroline: false,
    gridcolor: colour("line"),
    linecolor: colour("edge"),
    tickcolor: colour("line"),
    tickfont: { size: 12, color: colour("quiet") },
    automargin: true,
    ...more,
  };
}

/** What has come is seen before plotly.js takes the browser's time. */
function painted() {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

function base(width, height) {
  const font = getComputedStyle(document.body).fontFamily;
  return {
    width,
    height,
    autosize: false,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    font: { family: font, size: 13, color: colour("ink") },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    dragmode: false,
    hovermode: "x unified",
    hoverlabel: {
      bgcolor: colour("raised"),
      bordercolor: colour("edge"),
      font: { family: font, size: 13, color: colour("ink") },
    },
    separators: separators(),
  };
}

/** Names one of several drawings of a chart: a line of text at the left, above the height `y` of 0–1. */
export function heading(text, y, paint) {
  return {
    text,
    x: 0,
    y,
    xref: "paper",
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 12, color: paint("quiet") },
  };
}

function separators() {
  const parts = new Intl.NumberFormat().formatToParts(11111.1);
  const of = (type) => parts.find((part) => part.type === type)?.value ?? "";
  return of("decimal") + of("group");
}

/** When no chart waits to be drawn, or has waited too long. */
export async function chartsReady() {
  const late = performance.now() + MOST_PATIENT;
  do await painted();
  while (document.querySelector("[data-waiting]") !== null && performance.now() < late);
}

function chartLibrary() {
  library ??= new Promise((loaded, failed) => {
    const script = h("script", { src: document.documentElement.dataset.charts });
    script.addEventListener("load", () => loaded(globalThis.Plotly));
    script.addEventListener("error", () => {
      library = null;
      script.remove();
      failed(new Error("plotly.js could not be loaded"));
    });
    document.head.append(script);
  });
  return library;
}
