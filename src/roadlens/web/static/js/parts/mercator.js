// Places on a flat map (Web Mercator, as tiles are cut): arithmetic alone.

/** Pixels of a tile's side; the whole world is one tile at zoom 0. */
export const TILE = 256;
const MOST = 85.0511287798;
// Metres around the equator.
const AROUND = 40_075_016.686;
const CLOSEST = 18;

/** Where it is on the map of the world, 0–1 to the right and downwards. */
export function project({ latitude, longitude }) {
  const held = Math.max(-MOST, Math.min(MOST, latitude));
  const angle = (held * Math.PI) / 180;
  return [(longitude + 180) / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + angle / 2)) / (2 * Math.PI)];
}

/** The view `{zoom, x, y}` in which all these places are seen in a box of pixels, with a margin around them. */
export function fit(places, width, height, margin) {
  let [left, top, right, bottom] = [1, 1, 0, 0];
  for (const [x, y] of places) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const room = (pixels) => Math.max(32, pixels - 2 * margin);
  const times = Math.min(room(width) / (right - left || 1e-9), room(height) / (bottom - top || 1e-9));
  const zoom = Math.min(CLOSEST, Math.log2(times / TILE));
  return { zoom, x: (left + right) / 2, y: (top + bottom) / 2 };
}

/** Pixels of the whole world at this zoom. */
export function worldSize(zoom) {
  return TILE * 2 ** zoom;
}

/** A round length for the scale bar, at most so many pixels long where the view's centre is: `{metres, pixels}`. */
export function roundLength({ zoom, y }, most) {
  const latitude = Math.atan(Math.sinh(Math.PI * (1 - 2 * y)));
  const each = (AROUND * Math.cos(latitude)) / worldSize(zoom);
  const tens = 10 ** Math.floor(Math.log10(each * most));
  const metres = [5, 2, 1].map((times) => times * tens).find((length) => length <= each * most);
  return { metres, pixels: metres / each };
}
