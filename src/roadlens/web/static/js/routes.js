// Every page, once: its address, its file in pages/, and what the nav calls it. A page without a label is not in the
// nav.

export const ROUTES = [
  { path: [], file: "overview", label: "Overview", icon: "overview" },
  { path: ["drivers"], file: "drivers", label: "Drivers", icon: "drivers" },
  { path: ["drivers", ":driver_id"], file: "driver" },
  { path: ["trips"], file: "trips", label: "Trips", icon: "trips" },
  { path: ["trips", ":trip_id"], file: "trip" },
  { path: ["events"], file: "events", label: "Events", icon: "events" },
  { path: ["vehicles"], file: "vehicles", label: "Vehicles", icon: "vehicles" },
  { path: ["vehicles", ":vehicle_id"], file: "vehicle" },
  { path: ["scoring"], file: "scoring", label: "Scoring", icon: "scoring" },
  { path: ["users"], file: "users", label: "Users", icon: "users" },
  { path: ["audit"], file: "audit" },
  { path: ["cache"], file: "cache", label: "Cache", icon: "cache" },
  { path: ["account"], file: "account" },
];

/** The page's module. All are fetched soon after the first: then a server that is away hinders nobody. */
export function load(route) {
  return import(`./pages/${route.file}.js`);
}

export function loadAll() {
  return Promise.allSettled(ROUTES.map(load));
}
