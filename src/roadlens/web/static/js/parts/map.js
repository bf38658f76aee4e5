// A map of one track, drawn here: by speed, with events on it, a scale and north. It has a background only if an
// administrator has named a server of tiles.

import { h, replace, s, say } from "../dom.js";
import { quantity } from "../format.js";
import { icon } from "../icons.js";
import { fit, project, roundLength, worldSize } from "./mercator.js";
import { standing, ties } from "./pins.js";
import { speedClass } from "./speeds.js";
import { attribution, layTiles, tilesSet } from "./tiles.js";

const MARGIN = 44;
const CLOSEST = 19;
// Pixels around the pointer in which the track is found.
const NEAR = 28;
// The room of `Start and end` beside its mark.
const NAME = 110;
// The corner of the buttons, with half a mark around it.
const BUTTONS = [72, 150];

/**
 * `{node, show({track, pins, label}), at(index)}`. A pin is `{latitude, longitude, node}`: its node is put in place.
 * `moved(index)` is called when a point of the track is pointed at; `at(index)` marks one.
 */
export function trackMap({ label, moved, signal }) {
  const nothing = { places: [], pixels: [], pins: [], happened: [], track: [], view: null, home: null, marked: null };
  const map = { ...layers(label), ...nothing };
  const again = () => draw(map);
  const whole = () => {
    map.view = null;
    draw(map);
  };
  map.frame.append(buttons({ zoom: (steps) => zoom(map, steps), whole }));
  pointing(map.frame, map, { draw: again, moved });
  const resized = new ResizeObserver(() => requestAnimationFrame(again));
  resized.observe(map.frame);
  signal.addEventListener("abort", () => resized.disconnect());

  function show({ track, pins, label: said }) {
    if (map.track !== track) map.view = null;
    Object.assign(map, { track, pins, places: track.map(project), happened: pins.map(project) });
    map.ground.setAttribute("aria-label", said ?? label);
    replace(
      map.pinned,
      pins.map((pin) => pin.node),
    );
    draw(map);
  }

  return { node: map.frame, show, at: (index) => at(map, index) };
}

/** What lies on what, from the background up. */
function layers(label) {
  const tiles = h("div", { class: "map-layer", "aria-hidden": "true" });
  const ground = s("svg", { class: "map-layer", role: "img", "aria-label": label });
  const spot = h("div", { class: "map-spot", "aria-hidden": "true", hidden: true });
  const pinned = h("div", { class: "map-layer map-pins", role: "group", "aria-label": "Events on the track" });
  const scale = h("span", { class: "map-scale" });
  const frame = h("div", { class: "map" }, tiles, ground, spot, pinned, scale, north(), attribution());
  return { frame, tiles, ground, spot, pinned, scale };
}

function draw(map) {
  const [width, height] = [map.frame.clientWidth, map.frame.clientHeight];
  if (width === 0 || map.places.length + map.pins.length === 0) return;
  map.home = fit([...map.places, ...map.happened], width, height, MARGIN);
  if (tilesSet()) map.home.zoom = Math.floor(map.home.zoom);
  const view = map.view ?? map.home;
  map.frame.toggleAttribute("data-zoomed", map.view !== null);
  const size = worldSize(view.zoom);
  const pixel = ([x, y]) => [(x - view.x) * size + width / 2, (y - view.y) * size + height / 2];
  map.pixels = map.places.map(pixel);
  const length = roundLength(view, Math.min(120, width / 3));
  const happened = map.happened.map(pixel);
  const marks = standing(happened, kept(map.pixels, width), BUTTONS);
  layTiles(map.tiles, view, width, height);
  replace(
    map.ground,
    tilesSet() ? null : squares(width, height, length.pixels),
    lines(map.track, map.pixels),
    ends(map.pixels, width),
    ties(happened, marks),
  );
  map.pins.forEach((pin, index) => put(pin.node, marks[index]));
  map.scale.style.setProperty("--long", `${length.pixels}px`);
  say(map.scale, length.metres < 1000 ? quantity(length.metres, "m") : quantity(length.metres / 1000, "km"));
  mark(map);
}

function mark({ spot, marked, pixels }) {
  spot.hidden = marked === null || !pixels[marked];
  if (!spot.hidden) put(spot, pixels[marked]);
}

/** Mark a point. If it is out of sight, the map moves there. */
function at(map, index) {
  map.marked = index;
  const [x, y] = map.pixels[index] ?? [0, 0];
  const seen = x > 0 && y > 0 && x < map.frame.clientWidth && y < map.frame.clientHeight;
  if (seen || map.view === null || !map.places[index]) return mark(map);
  [map.view.x, map.view.y] = map.places[index];
  draw(map);
}

function zoom(map, steps) {
  const from = map.view ?? map.home;
  if (from === null) return;
  const to = Math.min(CLOSEST, from.zoom + steps);
  const [x, y] = (map.marked !== null && map.places[map.marked]) || [from.x, from.y];
  map.view = to <= map.home.zoom ? null : { zoom: to, x: map.view ? from.x : x, y: map.view ? from.y : y };
  draw(map);
}

function buttons({ zoom, whole }) {
  const button = (name, said, does) =>
    h(
      "button",
      { class: "button square", type: "button", title: said, "aria-label": said, onclick: does },
      icon(name),
    );
  return h(
    "div",
    { class: "map-buttons", role: "group", "aria-label": "Map" },
    button("add", "Closer", () => zoom(1)),
    button("outward", "Farther", () => zoom(-1)),
    button("whole", "Whole track", whole),
  );
}

/** The pointer finds points of the track; when the map is closer than the whole, it also drags it. */
function pointing(frame, map, { draw, moved }) {
  let held = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button") || map.view === null) return;
    held = [event.clientX, event.clientY, map.view.x, map.view.y];
    frame.setPointerCapture(event.pointerId);
  });
  for (const over of ["pointerup", "pointercancel"]) frame.addEventListener(over, () => (held = null));
  frame.addEventListener("pointermove", (event) => {
    if (held && map.view) {
      const size = worldSize(map.view.zoom);
      map.view.x = held[2] - (event.clientX - held[0]) / size;
      map.view.y = held[3] - (event.clientY - held[1]) / size;
      return draw();
    }
    const box = frame.getBoundingClientRect();
    const near = nearest(map.pixels ?? [], event.clientX - box.left, event.clientY - box.top);
    if (near !== null) moved(near);
  });
}

function nearest(pixels, x, y) {
  let [found, least] = [null, NEAR ** 2];
  pixels.forEach(([left, top], index) => {
    const away = (left - x) ** 2 + (top - y) ** 2;
    if (away < least) [found, least] = [index, away];
  });
  return found;
}

/** One path for each class of speed, over one that sets them off from the ground. */
function lines(track, pixels) {
  const paths = new Map();
  let [whole, drawn, before] = ["", null, null];
  pixels.forEach(([x, y], index) => {
    const here = `${x.toFixed(1)} ${y.toFixed(1)}`;
    const kind = index === 0 ? null : speedClass(track[index].speed_kmh);
    // What lies within one pixel of the last point is not seen.
    const close = drawn !== null && Math.hypot(x - drawn.x, y - drawn.y) < 1 && index < pixels.length - 1;
    if (close) return;
    whole += `${drawn === null ? "M" : "L"}${here}`;
    if (drawn !== null) {
      const start = before === kind ? "" : `M${drawn.here}`;
      paths.set(kind, `${paths.get(kind) ?? ""}${start}L${here}`);
    }
    drawn = { x, y, here };
    before = kind;
  });
  const widest = Math.max(0, ...[...paths.keys()].map((kind) => kind.width));
  return [
    s("path", { class: "casing", d: whole, "stroke-width": widest + 3 }),
    [...paths].map(([kind, d]) => s("path", { class: `track ${kind.name}`, d, "stroke-width": kind.width })),
  ];
}

function ends(pixels, width) {
  if (pixels.length === 0) return [];
  const end = ([x, y], name, shape) => {
    const side = named(x, width);
    const looks = { class: "map-end", "text-anchor": side > 0 ? "start" : "end", x: x + 12 * side, y: y + 5 };
    return [shape, s("text", looks, name)];
  };
  const [first, last] = [pixels[0], pixels.at(-1)];
  const start = s("circle", { class: "map-start", cx: first[0], cy: first[1], r: 6 });
  const stop = s("rect", { class: "map-stop", x: last[0] - 6, y: last[1] - 6, width: 12, height: 12, rx: 2 });
  const both = Math.hypot(first[0] - last[0], first[1] - last[1]) < 24;
  return both ? [stop, end(first, "Start and end", start)] : [end(last, "End", stop), end(first, "Start", start)];
}

/** Without a background, squares whose side is the length of the scale. */
function squares(width, height, side) {
  let d = "";
  for (let x = ((width / 2) % side) - side; x < width; x += side) d += `M${x.toFixed(1)} 0V${height}`;
  for (let y = ((height / 2) % side) - side; y < height; y += side) d += `M0 ${y.toFixed(1)}H${width}`;
  return s("path", { class: "map-squares", d });
}

function north() {
  const arrow = s("svg", { viewBox: "0 0 20 30", width: 20, height: 30, "aria-hidden": "true" });
  arrow.append(s("path", { d: "M10 1 16 16 10 12.500 4 16z" }), s("text", { x: 10, y: 28 }, "N"));
  return h("span", { class: "map-north" }, arrow, h("span", { class: "unseen" }, "North is up."));
}

/** On which side of its end a name stands: at the left where the map ends at the right. */
function named(x, width) {
  return x + NAME > width ? -1 : 1;
}

/** Room for the ends of the track and their names. */
function kept(pixels, width) {
  return [pixels[0], pixels.at(-1)].filter(Boolean).flatMap(([x, y]) => [
    [x, y],
    [x + 34 * named(x, width), y],
  ]);
}

function put(node, [x, y]) {
  node.style.setProperty("translate", `${x.toFixed(1)}px ${y.toFixed(1)}px`);
}
