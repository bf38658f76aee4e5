// The background of a map, if an administrator has named a server of tiles: the page then says where, and its policy
// allows images from there.

import { h, replace } from "../dom.js";
import { TILE, worldSize } from "./mercator.js";

const CLOSEST = 19;

export function tilesSet() {
  return document.documentElement.dataset.tiles !== "";
}

/** Fill the layer with the tiles of this view; those that stay are left alone. */
export function layTiles(layer, view, width, height) {
  if (!tilesSet()) return;
  const zoom = Math.max(0, Math.min(CLOSEST, Math.round(view.zoom)));
  const [size, side] = [worldSize(view.zoom), TILE * 2 ** (view.zoom - zoom)];
  const [left, top] = [view.x * size - width / 2, view.y * size - height / 2];
  const wanted = [];
  for (let x = Math.floor(left / side); x * side < left + width; x++)
    for (let y = Math.floor(top / side); y * side < top + height; y++) wanted.push({ x, y, zoom });
  const known = new Map([...layer.children].map((image) => [image.src, image]));
  const laid = wanted
    .filter(({ y }) => y >= 0 && y < 2 ** zoom)
    .map((tile) => {
      const image = known.get(tileAddress(tile)) ?? tileImage(tile);
      const place = { left: tile.x * side - left, top: tile.y * side - top, width: side, height: side };
      for (const [name, pixels] of Object.entries(place)) image.style.setProperty(name, `${pixels.toFixed(2)}px`);
      return image;
    });
  if (laid.length !== layer.children.length || laid.some((image) => image.parentNode !== layer)) replace(layer, laid);
}

/** Who made the background, as the administrator wrote it. */
export function attribution() {
  const text = document.documentElement.dataset.attribution;
  return tilesSet() && text ? h("span", { class: "map-by" }, text) : null;
}

function tileAddress({ x, y, zoom }) {
  const across = 2 ** zoom;
  const values = { z: zoom, x: ((x % across) + across) % across, y };
  const filled = document.documentElement.dataset.tiles.replace(/\{([zxy])\}/g, (_, name) => values[name]);
  return new URL(filled, location.href).href;
}

function tileImage(tile) {
  const image = h("img", { src: tileAddress(tile), alt: "", draggable: "false" });
  // A tile that is not there leaves its place empty.
  image.addEventListener("error", () => image.remove());
  return image;
}
