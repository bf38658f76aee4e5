// How numbers, times and the API's words are written: in the reader's language and time zone, with units.

const DASH = "–";
const numbers = new Map();

/** A number with this many decimals; a dash where there is none. */
export function number(value, decimals = 0) {
  if (value === null || value === undefined) return DASH;
  if (!numbers.has(decimals)) {
    const form = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    numbers.set(decimals, new Intl.NumberFormat(undefined, form));
  }
  return numbers.get(decimals).format(value);
}

/** A number of things: `1 device`, `310 devices`. */
export function count(value, one, many) {
  return `${number(value)}\u00a0${value === 1 ? one : many}`;
}

/** A number and its unit, kept in one line. */
export function quantity(value, unit, decimals = 0) {
  return value === null || value === undefined ? DASH : `${number(value, decimals)}\u00a0${unit}`;
}

/** Kilometres as `412 m` or `1.2 km`. */
export function distance(km) {
  const metres = Math.round(km * 1000);
  return metres < 1000 ? quantity(metres, "m") : quantity(km, "km", 1);
}

/** A share of 0–1 as a percentage. */
export function share(value, decimals = 0) {
  return value === null || value === undefined ? DASH : `${number(value * 100, decimals)}\u00a0%`;
}

export function bytes(value) {
  if (value < 1000) return quantity(value, "B");
  return value < 1e6 ? quantity(value / 1e3, "kB", 1) : quantity(value / 1e6, "MB", 1);
}

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clocks = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
// A calendar day has no time zone: it is written as it is.
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

export function moment(text) {
  return text ? moments.format(new Date(text)) : DASH;
}

export function clock(text) {
  return text ? clocks.format(new Date(text)) : DASH;
}

export function day(text) {
  return text ? days.format(new Date(`${text}T00:00:00Z`)) : DASH;
}

/** Seconds as `1 h 05 min`, `12 min` or `40 s`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return DASH;
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${Math.round(seconds)}\u00a0s`;
  if (minutes < 60) return `${minutes}\u00a0min`;
  return `${Math.floor(minutes / 60)}\u00a0h ${String(minutes % 60).padStart(2, "0")}\u00a0min`;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const SPANS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** How long ago, in words. */
export function ago(text, now = Date.now()) {
  if (!text) return DASH;
  const seconds = (new Date(text) - now) / 1000;
  const [unit, length] = SPANS.find(([, length]) => Math.abs(seconds) >= length) ?? SPANS.at(-1);
  return relative.format(Math.round(seconds / length), unit);
}

/** `harsh_braking` as `Harsh braking`. */
export function words(name) {
  const text = String(name ?? DASH).replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
}

/** A person's name, or the id where there is none. */
export function fullName(person) {
  return `${person.first_name ?? ""} ${person.last_name ?? ""}`.trim() || person.driver_id;
}

/** What a vehicle is, in one line: `Ford Transit 2023`; empty where nothing is known. */
export function particulars({ make, model, model_year: year }) {
  return [make, model, year].filter(Boolean).join(" ");
}
