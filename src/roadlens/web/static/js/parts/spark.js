// A line without axes, as high as a line of text: how something went, beside the number that says where it is.

import { s } from "../dom.js";

const [WIDTH, HEIGHT, EDGE] = [120, 28, 3];

/** `values` of 0–1, oldest first; null where there is none, which leaves a gap. Never read aloud. */
export function spark(values) {
  const step = (WIDTH - 2 * EDGE) / Math.max(1, values.length - 1);
  const place = (value, index) =>
    `${(EDGE + index * step).toFixed(1)} ${(HEIGHT - EDGE - value * (HEIGHT - 2 * EDGE)).toFixed(1)}`;
  const alone = (index) => (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
  let [lines, dots] = ["", ""];
  values.forEach((value, index) => {
    if (value === null) return;
    const begins = (values[index - 1] ?? null) === null;
    lines += `${begins ? "M" : "L"}${place(value, index)}`;
    if (alone(index)) dots += `M${place(value, index)}h0.1`;
  });
  return s(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    s("path", { class: "spark-ends", d: `M0 ${EDGE}H${WIDTH}M0 ${HEIGHT - EDGE}H${WIDTH}` }),
    s("path", { d: lines }),
    s("path", { class: "spark-dots", d: dots }),
  );
}
