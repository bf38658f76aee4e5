// What a list is narrowed to: by a text, a choice, or days. It stands in the address, so that a view can be shared and
// gone back to.

import { h, unique } from "../dom.js";
import { icon } from "../icons.js";

// Milliseconds without a key before a text counts.
const PAUSE = 250;
// Characters that the API takes.
const LONGEST = { search: 200, text: 100 };
const WIDTHS = { search: "grow", text: "short" };
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * `{node, clear()}`. Fields `{name, label, kind, options, placeholder}`: `kind` is `search`, `text`, `choice` (`options`:
 * `[[value, label]]`) or `day`. `asked` are the values now, `changed({name: value})` is called with another. `clear()`
 * empties what is seen, and calls nothing.
 */
export function filters({ fields, asked, changed }) {
  const made = fields.map((field) => {
    const id = unique("filter");
    const looks = { class: `field ${WIDTHS[field.kind] ?? ""}` };
    return h("div", looks, h("label", { for: id }, field.label), control(field, id, asked, changed));
  });
  const node = h("div", { class: "tools", role: "search" }, made);
  const clear = () => node.querySelectorAll(".input").forEach((one) => (one.value = ""));
  return { node, clear };
}

/** What the address asks for. What it cannot mean is left out, for it may have been typed. */
export function wanted(query, fields) {
  return Object.fromEntries(fields.map((field) => [field.name, meant(field, query.get(field.name) ?? "")]));
}

/** The same as the API takes it: days of this time zone become moments, the last one whole. */
export function parameters(asked, fields) {
  const given = { ...asked };
  for (const { name, kind } of fields) {
    if (kind === "day" && given[name]) given[name] = midnight(given[name], name === "to" ? 1 : 0).toISOString();
  }
  return given;
}

/** Whether anything is narrowed. */
export function narrowed(asked) {
  return Object.values(asked).some((value) => value !== "");
}

function meant({ kind, options }, value) {
  if (kind === "choice") return options.some(([known]) => known === value) ? value : "";
  if (kind === "day") return DAY.test(value) && !Number.isNaN(midnight(value).getTime()) ? value : "";
  return value.slice(0, LONGEST[kind]);
}

function midnight(day, later = 0) {
  const moment = new Date(`${day}T00:00`);
  moment.setDate(moment.getDate() + later);
  return moment;
}

function control({ name, kind, options, placeholder }, id, asked, changed) {
  const tell = (value) => value !== asked[name] && changed({ [name]: value });
  if (kind === "choice")
    return h(
      "select",
      { class: "input", id, onchange: (event) => tell(event.currentTarget.value) },
      options.map(([value, label]) => h("option", { value, selected: value === asked[name] }, label)),
    );
  if (kind === "day") {
    const taken = (event) => tell(meant({ kind }, event.currentTarget.value));
    return h("input", { class: "input", id, type: "date", value: asked[name], min: "1970-01-02", onchange: taken });
  }
  let pause = null;
  const typed = (event) => {
    clearTimeout(pause);
    const typing = event.currentTarget;
    // What stands there then: it may have been cleared.
    pause = setTimeout(() => tell(typing.value.trim()), PAUSE);
  };
  const looks = { class: "input", id, type: "search", maxlength: LONGEST[kind], autocomplete: "off", placeholder };
  const input = h("input", { ...looks, value: asked[name], oninput: typed });
  return kind === "search" ? h("div", { class: "searching" }, icon("search"), input) : input;
}
