// What makes up a driver's score: a row a factor, which opens to show the trips and events behind it.

import { h, replace, unique } from "../dom.js";
import { count, moment, number, quantity, share, words } from "../format.js";
import { icon } from "../icons.js";
import { panel, room } from "../parts/panel.js";
import { link } from "../router.js";
import { severity, SOURCES } from "./event_list.js";
import { tripLink } from "./trip_list.js";

const EMPTY = {
  title: "Nothing to take apart yet",
  text: "As soon as there is a score, this shows how many points each kind of behaviour adds to it.",
};

export function factorsPanel() {
  const node = h("div", {});
  const opened = new Set();
  let text = null;

  function show(risk) {
    if (risk.factors.length === 0) return false;
    const now = JSON.stringify([risk.factors, risk.average_score]);
    if (now === text) return true;
    text = now;
    // A new answer must not take the focus from who is reading.
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.factor : undefined;
    replace(node, factorTable(risk, opened), explained(risk));
    if (focused) node.querySelector(`button[data-factor="${focused}"]`)?.focus({ preventScroll: true });
    return true;
  }

  const fill = { node, show };
  return panel({ title: "What makes up the score", kind: "full", tall: room(660, 960), fill, empty: EMPTY });
}

function explained({ average_score: average }) {
  return h(
    "p",
    { class: "quiet small inset" },
    "The bar shows the points, and its length the most that a factor can add. While there is little driving, a rate " +
      "counts as one that lies nearer to the portfolio's mean. An average driver has ",
    `${number(average, 2)} points.`,
  );
}

function factorTable(risk, opened) {
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
      sorted.map((one) => factorRows(one, widest, risk, opened)),
    ),
    h("tfoot", {}, total(risk)),
  );
}

function total(risk) {
  return h(
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
  );
}

/** The row of a factor, and below it the one that opens. */
function factorRows(one, widest, risk, opened) {
  const id = unique("behind");
  const open = opened.has(one.factor);
  const behind = h("tr", { class: "behind", id, hidden: !open }, h("td", { colspan: 4 }, causes(one, risk)));
  const turn = (event) => {
    behind.hidden = !behind.hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!behind.hidden));
    if (behind.hidden) opened.delete(one.factor);
    else opened.add(one.factor);
  };
  const looks = { class: "as-link opener", type: "button", "aria-controls": id, "data-factor": one.factor };
  const button = h("button", { ...looks, "aria-expanded": String(open), onclick: turn }, icon("next"), one.label);
  const above = one.credible > one.expected;
  const level = Math.abs(one.relativity - 1) < 0.005;
  const more = number(Math.abs(one.above_average), 2);
  const sign = level ? "= At the mean" : above ? `▲ ${more} above the mean` : `▼ ${more} below the mean`;
  const row = h(
    "tr",
    {},
    h("th", { scope: "row" }, button, h("span", { class: "second" }, unit(one))),
    h("td", { class: "bar", "aria-hidden": "true" }, bar(one, widest, above && !level)),
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
      h("span", { class: "second" }, rates(one)),
    ),
  );
  return [row, behind];
}

function bar(one, widest, above) {
  const style = { "--most": `${(100 * one.weight) / widest}%`, "--share": `${(100 * one.points) / (one.weight || 1)}%` };
  return h("span", { class: "points", style, "data-above": above }, h("i"));
}

function rates(one) {
  return `${rate(one, one.observed)}, mean ${rate(one, one.expected)}; counts as ${rate(one, one.credible)}`;
}

function unit(one) {
  return one.unit === "share of distance" ? "Share of the distance" : words(one.unit).replace("Per", "Events per");
}

function rate(one, value) {
  return one.unit === "share of distance" ? share(value, 1) : number(value, 1);
}

/** What a factor comes from: its trips, its events, and the way to all of them. */
function causes(one, risk) {
  if (one.amount === 0) return h("p", { class: "quiet small" }, "Nothing of it in the window.");
  const inKm = one.amount_unit === "km";
  const asked = { driver_id: risk.driver_id, from: risk.window_first_day };
  const all = inKm
    ? h("a", { href: link(["trips"], asked) }, "All trips of the window")
    : h("a", { href: link(["events"], { ...asked, event_type: one.factor }) }, `All ${number(one.amount)} by day`);
  return h(
    "div",
    { class: "causes" },
    h("section", {}, h("h3", {}, "Trips it comes from most"), list(one.trips.map((trip) => cause(trip, inKm)))),
    !inKm && h("section", {}, h("h3", {}, "Newest events"), list(one.events.map(happened))),
    h("p", { class: "small" }, all, ` · without ${inKm ? "it" : "them"} the score would be `, number(one.score_without, 2)),
  );
}

function list(rows) {
  return h("ul", {}, rows);
}

function cause(trip, inKm) {
  const of = quantity(trip.distance_km, "km", 1);
  const told = inKm ? `${quantity(trip.amount, "km", 1)} of ${of}` : `${count(trip.amount, "event", "events")} in ${of}`;
  return h(
    "li",
    {},
    h("a", { href: tripLink(trip.trip_id) }, moment(trip.started_at)),
    h("span", { class: "quiet" }, told),
    h("strong", {}, share(trip.share)),
  );
}

function happened(event) {
  const state = event.state === "needs_review" ? null : words(event.state);
  const told = [SOURCES[event.source] ?? words(event.source), `${share(event.confidence)} sure`, state];
  return h(
    "li",
    {},
    h("a", { href: tripLink(event.trip_id, { event: event.event_id }) }, moment(event.occurred_at)),
    h("span", { class: "quiet" }, told.filter(Boolean).join(" · ")),
    h("strong", {}, severity(event)),
  );
}
