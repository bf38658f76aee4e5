// The log of changes, newest first: who changed what, when, from where, and from what to what. For administrators.

import { h } from "../dom.js";
import { moment, words } from "../format.js";
import { listPage } from "../parts/leafed.js";
import { link } from "../router.js";

const ENTITIES = [
  ...["driver", "vehicle", "device", "assignment", "event", "score_version", "relativities"],
  ...["user", "sign_ins", "ingest_token", "list", "positions", "fleet", "cache"],
];
const FIELDS = [
  { name: "actor", label: "Who", kind: "text", placeholder: "admin" },
  { name: "action", label: "Did", kind: "text", placeholder: "update" },
  {
    name: "entity",
    label: "To what",
    kind: "choice",
    options: [["", "Everything"], ...ENTITIES.map((entity) => [entity, words(entity)])],
  },
  { name: "entity_id", label: "ID", kind: "text", placeholder: "DRV-0001" },
  { name: "from", label: "From", kind: "day" },
  { name: "to", label: "To", kind: "day" },
];
const PAGES = { driver: "drivers", vehicle: "vehicles" };
const COLUMNS = [
  { label: "When", head: true, cell: (entry) => moment(entry.at) },
  { label: "Who", cell: (entry) => [entry.actor, entry.address && h("span", { class: "second" }, entry.address)] },
  { label: "Did", cell: (entry) => (entry.action === "sql" ? "SQL" : words(entry.action)) },
  { label: "To what", cell: whom },
  { label: "From", cell: (entry) => side(entry, entry.before) },
  { label: "To", cell: (entry) => side(entry, entry.after) },
];

export function open(page) {
  listPage(page, {
    title: "Audit log",
    name: "audit",
    noun: "entries",
    one: "entry",
    fields: FIELDS,
    columns: COLUMNS,
    key: (entry) => entry.audit_id,
    none: { title: "No entries yet", text: "Whoever changes something, or takes data away, is noted here." },
  });
}

/** What it was about, and where that can be looked at, if it is still there. */
function whom({ entity, entity_id: id, action }) {
  const shown = h("code", {}, id);
  const there = PAGES[entity] && action !== "delete" && action !== "erase" && !id.startsWith("erased-");
  const leads = there ? h("a", { href: link([PAGES[entity], id]) }, shown) : shown;
  return [words(entity), h("span", { class: "second" }, leads)];
}

/** The fields of one side, a line each. */
function side(entry, values) {
  if (values === null) return h("span", { class: "quiet" }, entry.erased ? "Erased" : "–");
  const written = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.entries(values).map(([name, value]) => h("div", { class: "small" }, `${words(name)}: ${written(value)}`));
}
