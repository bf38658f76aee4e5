// A driver's score in words: why it stands above an average driver's, what would lower it, how much is the driver's own.

import { h } from "../dom.js";
import { quantity, share } from "../format.js";
import { panel, room } from "../parts/panel.js";
import { tripLink } from "./trip_list.js";

const EMPTY = { title: "Nothing to say yet", text: "There has not been a trip." };

export function reasonsPanel() {
  const view = (risk) =>
    risk.day === null ? null : [h("div", { class: "in-words" }, why(risk), better(risk), own(risk))];
  return panel({ title: "The score in words", tall: room(300, 620), view, empty: EMPTY });
}

function why({ reasons }) {
  if (reasons.length === 0) return h("p", {}, "Nothing stands above an average driver.");
  return h(
    "ol",
    { class: "reasons" },
    reasons.map((one) =>
      h(
        "li",
        { "data-code": one.code },
        one.text,
        one.trip_id && [" ", h("a", { href: tripLink(one.trip_id) }, "Show that trip")],
      ),
    ),
  );
}

function better({ lower }) {
  if (lower.length === 0) return null;
  return h(
    "div",
    {},
    h("h3", {}, "What would lower it"),
    h(
      "ul",
      { class: "reasons" },
      lower.slice(0, 4).map((one) => h("li", {}, one.text)),
    ),
  );
}

function own({ credibility, distance_km: driven }) {
  const text =
    `${quantity(driven, "km")} of the driver's own count for ${share(credibility.own)} of each rate, ` +
    `the portfolio's mean for ${share(credibility.mean)}.`;
  return h("p", { class: "quiet small" }, text);
}
