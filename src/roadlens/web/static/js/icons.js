// Small drawings in lines of one width, in the colour of the text beside them. They are never read aloud.

import { s } from "./dom.js";

const PATHS = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM14 4v3h6V4zM4 20h6v-3H4z",
  drivers: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
  vehicles:
    "M3.5 16.5v-4l2.2-5.3a2 2 0 0 1 1.8-1.2h9a2 2 0 0 1 1.8 1.2l2.2 5.3v4M4 12.5h16M3.5 16.5h17v2.5h-2.5v-2.5M3.5 16.5v2.5h2.5v-2.5",
  users:
    "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 5a3.5 3.5 0 0 1 0 6.5M18 14.2a6.5 6.5 0 0 1 3.5 5.8",
  cache:
    "M12 3.5c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3zM4 6.5v11c0 1.7 3.6 3 8 3s8-1.3 8-3v-11M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  trips:
    "M6 20.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 8.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.5 18h6a3.5 3.5 0 0 0 0-7h-5a3.5 3.5 0 0 1 0-5h6",
  events: "M12 3.500 21 19.500H3zM12 10v4.500M12 17v.2",
  outward: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  scoring: "M4 7h9M17 7h3M15 4.5v5M4 12h3M11 12h9M9 9.5v5M4 17h9M17 17h3M15 14.5v5",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.2 15.2 20 20",
  add: "M12 5v14M5 12h14",
  save: "M12 4v11M7 10.500l5 5 5-5M4.5 20h15",
  edit: "M4 20l1-4.500L16.5 4l3.5 3.500L8.5 19zM14 6.5 17.5 10",
  remove: "M4.5 7h15M9.5 7V4h5v3M6.5 7l1 13h9l1-13M10 11v5.500M14 11v5.5",
  close: "M6 6l12 12M18 6 6 18",
  out: "M14 4.500H5.500v15H14M10 12h10M16.5 8l4 4-4 4",
  dark: "M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z",
  light:
    "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4",
  key: "M8 15.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM11.5 12H21M17 12v3.500M20.5 12v2.5",
  bar: "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12",
  allow: "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM8 12.300l2.8 2.800L16 9.5",
  swap: "M4 8.500h15M15.5 5l3.5 3.500-3.5 3.500M20 15.500H5M8.5 12 5 15.500 8.5 19",
  end: "M7 7h10v10H7z",
  sort: "M12 5v14M6 13l6 6 6-6",
  first: "M17.5 6l-6 6 6 6M7 6v12",
  previous: "M14.5 6l-6 6 6 6",
  next: "M9.5 6l6 6-6 6",
  last: "M6.5 6l6 6-6 6M17 6v12",
  trouble: "M12 4 2.5 20h19zM12 10v4.500M12 17v.5",
  nothing: "M5 20 9.5 4h5L19 20M12 5v2.500M12 10.500v3M12 16.500v3",
};

// Each level of risk and each kind of event has a shape of its own, so that its colour need not be seen.
const FILLED = {
  low: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20z",
  medium: "M12 1 23 12 12 23 1 12z",
  high: "M12 1.5 23.5 22H.5z",
  none: "M3 10h18v4H3z",
  harsh_braking: "M3 3h18v18H3z",
  rapid_acceleration: "M12 2 23 22H1z",
  harsh_cornering: "M12 0 24 12 12 24 0 12z",
  speeding: "M12 23a11 11 0 1 0 0-22 11 11 0 0 0 0 22z",
  phone_use: "M6 2h12l5 10-5 10H6L1 12z",
};

/** The drawing of that name. */
export function icon(name) {
  const filled = FILLED[name];
  const look = filled
    ? { fill: "currentColor" }
    : {
        fill: "none",
        stroke: "currentColor",
        "stroke-width": 1.7,
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
      };
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", ...look },
    s("path", { d: filled ?? PATHS[name] }),
  );
}
