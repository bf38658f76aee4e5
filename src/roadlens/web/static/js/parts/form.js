// A form of fields: what is typed stays whatever is answered, and a problem stands at the field that it is about.

import { h, replace, say, unique } from "../dom.js";
import { moment } from "../format.js";

const TYPES = { number: "text", moment: "datetime-local" };

/**
 * `{node, values(), changed(), problem(problem), clear(), told(text, kind), field(name), reset(values)}`.
 *
 * `groups`: `[{legend, fields}]`. A field: `{name, label, kind, width, hint, required, options, start, input}`. `kind`
 * is `text` (the default), `email`, `tel`, `date`, `moment` (a day and a time of the reader's), `number`, `password` or
 * `select` (with `options: [{value, label}]`, whose values may be of any kind); `width` is of six columns; `start` is
 * the value of what is new; `input` are more attributes. `values` are what the API gave. Empty is null, and a number
 * is one.
 */
export function form({ groups, values = {}, submitted }) {
  const fields = new Map();
  const note = h("div", { class: "told", role: "alert", hidden: true });
  let base = { ...values };
  const parts = groups.map(({ legend, fields: listed }) =>
    h(
      "fieldset",
      {},
      legend && h("legend", {}, legend),
      listed.map((given) => {
        if (given.start !== undefined && !(given.name in base)) base[given.name] = given.start;
        const made = field(given, base[given.name]);
        fields.set(given.name, made);
        return made.node;
      }),
    ),
  );
  const node = h("form", { class: "form", novalidate: true, id: unique("form") }, note, parts);

  node.addEventListener("submit", (event) => {
    event.preventDefault();
    clear();
    const missing = [...fields.values()].filter((one) => one.check());
    if (missing.length > 0) return missing[0].input.focus();
    submitted();
  });

  function clear() {
    note.hidden = true;
    for (const one of fields.values()) one.wrong("");
  }

  function told(text, kind = "problem") {
    note.dataset.kind = kind;
    note.hidden = false;
    replace(note, text);
  }

  const all = () => Object.fromEntries([...fields].map(([name, one]) => [name, one.value()]));
  const changed = () =>
    Object.fromEntries(Object.entries(all()).filter(([name, value]) => value !== (base[name] ?? null)));
  return {
    node,
    values: all,
    changed,
    problem: (refused) => sayProblem(fields, note, told, refused),
    clear,
    told,
    field: (name) => fields.get(name),
    names: () => [...fields.keys()],
    base: () => base,
    reset: (now) => (base = { ...now }),
  };
}

/** Say what the API refused: at its fields where it names them, else above all of them. */
function sayProblem(fields, note, told, refused) {
  const elsewhere = [];
  let first = null;
  for (const { field: name, detail } of refused.errors) {
    const one = fields.get(name);
    if (one === undefined) elsewhere.push(detail);
    else one.wrong(sentence(detail));
    first ??= one ?? null;
  }
  if (first === null || elsewhere.length > 0) told(elsewhere.join(" ") || refused.message);
  if (first) first.input.focus();
  else note.scrollIntoView({ block: "nearest" });
}

/** One field: `{node, input, value(), set(value), written(value), wrong(text), check(), theirs(nodes)}`. */
export function field(
  { name, label, kind = "text", width = 6, hint = "", required = false, options = [], input: more = {} },
  value = null,
) {
  const id = unique("field");
  const looks = {
    class: "input",
    id,
    name,
    autocomplete: "off",
    "aria-required": required ? "true" : null,
    "aria-describedby": `${id}-hint ${id}-wrong`,
    ...more,
  };
  const input =
    kind === "select"
      ? h(
          "select",
          looks,
          options.map((option) => h("option", { value: String(option.value) }, option.label)),
        )
      : h("input", {
          type: TYPES[kind] ?? kind,
          inputmode: kind === "number" ? "numeric" : null,
          ...looks,
        });
  const wrong = h("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
  const theirs = h("div", { class: "theirs", hidden: true });
  const mark = required && h("span", { class: "needed" }, " (required)");
  const one = {
    label,
    input,
    node: h(
      "div",
      { class: "field", "data-width": width },
      h("label", { for: id }, label, mark),
      input,
      h("p", { class: "hint", id: `${id}-hint`, hidden: !hint }, hint),
      theirs,
      wrong,
    ),
  };

  // What nobody has touched is given back as it came: a moment has seconds that are not shown.
  let untouched = {};
  one.value = () => (input.value === untouched.text ? untouched.value : typed(input.value, kind, options));
  one.set = (to) => {
    input.value = kind === "moment" ? local(to) : (to ?? "");
    untouched = { text: input.value, value: to ?? null };
  };
  one.written = (value) => options.find((option) => option.value === value)?.label ?? quoted(value, kind);
  one.wrong = (text) => {
    wrong.hidden = !text;
    say(wrong, text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  one.check = () => {
    if (!required || input.value.trim() !== "") return false;
    one.wrong("Fill this in.");
    return true;
  };
  one.theirs = (...children) => {
    theirs.hidden = children.length === 0;
    replace(theirs, children);
  };
  one.set(value);
  return one;
}

// What is no number, or no moment, goes to the API as it is, which says what is wrong with it.
function typed(text, kind, options) {
  const trimmed = kind === "password" ? text : text.trim();
  if (kind === "select") return options.find((option) => String(option.value) === text)?.value ?? null;
  if (trimmed === "") return null;
  if (kind === "moment") return Number.isNaN(Date.parse(trimmed)) ? trimmed : new Date(trimmed).toISOString();
  return kind === "number" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** A moment as the reader's clock shows it, to the minute: `2026-05-04T18:20`. */
function local(text) {
  if (!text) return "";
  const at = new Date(text);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function quoted(value, kind) {
  if (value === null || value === undefined) return "empty";
  return `“${kind === "moment" ? moment(value) : value}”`;
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
