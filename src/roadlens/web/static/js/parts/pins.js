// Where marks stand on a map: a little above their place, tied to it by a line, and none over another.

import { s } from "../dom.js";

const UP = 26;
const SIDE = 28;
// Pixels from the upper edge, below which there is no room above.
const EDGE = 18;

/**
 * For each place in pixels, where its mark stands. `taken` are places that stay free, `corner` is the room of the
 * map's buttons, `[width, height]`. Whatever finds no room stands over others.
 */
export function standing(places, taken, [width, height]) {
  taken = [...taken];
  return places.map(([x, y]) => {
    const found = candidates(x, y).find(
      ([left, top]) => top > EDGE && (left > width || top > height) && free(taken, left, top),
    ) ?? [x, y - UP];
    taken.push(found);
    return found;
  });
}

/** The lines from marks to their places. */
export function ties(places, marks) {
  return places.map(([x, y], index) => [
    s("path", {
      class: "tie",
      d: `M${x.toFixed(1)} ${y.toFixed(1)}L${marks[index].map((at) => at.toFixed(1)).join(" ")}`,
    }),
    s("circle", { class: "tie-end", cx: x.toFixed(1), cy: y.toFixed(1), r: 3.5 }),
  ]);
}

function candidates(x, y) {
  const found = [];
  for (let row = 0; row < 4; row++) {
    const away = UP + row * SIDE;
    for (const side of [0, -SIDE, SIDE, -2 * SIDE, 2 * SIDE]) found.push([x + side, y - away], [x + side, y + away]);
  }
  return found.sort((a, b) => Math.hypot(a[0] - x, a[1] - y) - Math.hypot(b[0] - x, b[1] - y) || a[1] - b[1]);
}

function free(taken, x, y) {
  return taken.every(([left, top]) => Math.abs(left - x) >= SIDE || Math.abs(top - y) >= SIDE);
}
