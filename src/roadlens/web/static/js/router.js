// Which page is shown: `#/drivers/DRV-0001?tab=trips`. Addresses behind the `#` need nothing of a proxy or a server.

import { address } from "./api.js";

/** `{parts: ["drivers", "DRV-0001"], query: URLSearchParams}` of the current address. */
export function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query ?? "") };
}

/** The address of a page, to link to it. */
export function link(parts, parameters = {}) {
  return address(`#/${parts.map(encodeURIComponent).join("/")}`, parameters);
}

export function go(parts, parameters = {}) {
  location.hash = link(parts, parameters);
}

/** Change the current page's parameters; the page itself stays and is told nothing. */
export function note(parameters) {
  history.replaceState(null, "", link(place().parts, parameters));
}

/**
 * The route of this place and what its path names, or null. A route's path is written `["drivers", ":driver_id"]`.
 */
export function match(routes, parts) {
  for (const route of routes) {
    if (route.path.length !== parts.length) continue;
    const named = {};
    const fits = route.path.every((step, index) => {
      if (!step.startsWith(":")) return step === parts[index];
      named[step.slice(1)] = parts[index];
      return true;
    });
    if (fits) return { route, named };
  }
  return null;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
