// What is decided about safety events: about one in a dialog, with a note; about many at once; and undoing it.

import { change, segment } from "../api.js";
import { h, replace } from "../dom.js";
import { clock, count, distance, duration, moment, quantity, words } from "../format.js";
import { edited } from "../live.js";
import { leaving } from "../page.js";
import { act } from "../parts/act.js";
import { state } from "../parts/badge.js";
import { editor, latest } from "../parts/editor.js";
import { toast } from "../parts/toast.js";

export const STATES = ["needs_review", "coached", "recognised", "dismissed"];
const KINDS = { needs_review: "care", coached: "good", recognised: "good", dismissed: null };
const MEANINGS = {
  needs_review: "It needs review",
  coached: "Coached: somebody spoke with the driver",
  recognised: "Recognised: it was right to drive so",
  dismissed: "Dismissed: it counts no more",
};
const NOTE = { name: "note", label: "Note", hint: "For colleagues; it is handed out to the driver who asks." };

/** How an event stands, in a word and a shape. */
export function reviewState(event) {
  return state(KINDS[event.state] ?? null, words(event.state));
}

/** The button that opens the dialog, for the end of a row. */
export function reviewButton(event) {
  return act({ label: "Review", of: eventName(event), name: "edit", does: () => reviewEvent(event) });
}

/** Which event it is, in words. */
export function eventName(event) {
  const whose = event.driver_name ? `, ${event.driver_name}` : "";
  return `${words(event.event_type).toLowerCase()}, ${moment(event.occurred_at)}${whose}`;
}

/** What was driven above the limit in it, in words; null where there is nothing to say. */
export function aboveLimit({ speeding_km: km, speeding_s: seconds }) {
  if (!km) return null;
  const lasted = seconds < 120 ? quantity(seconds, "s") : duration(seconds);
  return `${distance(km)}${seconds === null ? "" : ` in ${lasted}`} above the limit`;
}

// Whether an event is asked for, whose dialog opens then.
let opening = false;

/** Decide about one event. What somebody else decides meanwhile is shown beside it. */
export async function reviewEvent(event) {
  if (opening) return;
  const signal = leaving();
  const path = `/admin/events/${segment(event.event_id)}`;
  const again = async () => values(await latest(path));
  let found;
  opening = true;
  try {
    found = await latest(path, { signal });
  } catch (problem) {
    return signal.aborted || toast(problem.message);
  } finally {
    opening = false;
  }
  editor({
    title: `Review: ${words(event.event_type).toLowerCase()}, ${clock(event.occurred_at)}`,
    groups: [{ legend: said(found), fields: fields("") }],
    path,
    values: values(found),
    again,
    saved: (now) => `${MEANINGS[now.state]}.`,
  });
}

function values(found) {
  return { state: found.state, note: found.review?.note ?? null, version: found.version };
}

function fields(start) {
  const options = STATES.map((value) => ({ value, label: MEANINGS[value] }));
  return [
    { name: "state", label: "Decision", kind: "select", options, start },
    { ...NOTE, input: { maxlength: 500 } },
  ];
}

/** Who decided last, whose trip it is, and what goes with the event. */
function said(event) {
  const { review, driver_name: driver, trip } = event;
  const above = aboveLimit(event);
  const whose = `${driver}, trip of ${moment(trip.started_at)}.${above ? ` ${above}.` : ""}`;
  if (review === null) return `${whose} Nobody has decided yet.`;
  return `${whose} Last decided by ${review.reviewed_by ?? "somebody who has gone"}, ${moment(review.reviewed_at)}.`;
}

/**
 * What is done to many, `{node, decide(state, events)}`: a button for each decision, one for a note beside it, and what
 * was done last with a way back. `picked()` are the events, `done()` is called when something was decided.
 */
export function reviewing({ picked, done }) {
  const told = h("div", { class: "row undo", role: "status" });
  const buttons = STATES.map((name) =>
    h("button", { class: "button", type: "button", onclick: () => decide(name, picked()) }, words(name)),
  );
  // What can be undone, and what is on its way.
  let last = [];
  const sending = new Set();
  const after = ({ changed, events }) => {
    offer(`${some(changed)} decided.`, changed > 0 ? events : last);
    done();
  };
  const noted = h(
    "button",
    { class: "button", type: "button", onclick: () => withNote(picked(), after) },
    "With a note…",
  );
  const node = h("div", { class: "row decisions", role: "group", "aria-label": "Decide about what is selected" });
  node.append(...buttons, noted);

  async function decide(name, events) {
    if (events.length === 0) return toast("Select events first.");
    await send([{ event_ids: events.map((event) => event.event_id), state: name }], (changed) =>
      name === "needs_review" ? `${some(changed)} need review` : `${some(changed)} ${words(name).toLowerCase()}`,
    );
  }

  async function send(bodies, saying) {
    const ids = bodies.flatMap((body) => body.event_ids);
    if (ids.some((id) => sending.has(id))) return;
    for (const id of ids) sending.add(id);
    const { events, changed, failed } = await answered(bodies);
    for (const id of ids) sending.delete(id);
    if (failed && !told.isConnected) toast(failed);
    if (events.length === 0) return offer(failed, last);
    // Where nothing has changed, what can be undone is what was done before.
    offer(`${saying(changed)}.`, changed > 0 ? events : last);
    if (failed) told.prepend(h("span", {}, `Not all of it: ${failed}`));
    edited();
    done();
  }

  function offer(text, events) {
    last = events;
    const back = h("button", { class: "button", type: "button", onclick: () => undo(events) }, "Undo");
    replace(told, h("span", {}, text), events.length > 0 && back);
  }

  /** As it was before, whatever that was; which can be undone in turn. */
  async function undo(events) {
    await send(asBefore(events), (changed) => `${some(changed)} as before`);
    told.querySelector("button")?.focus();
  }

  return { node: h("div", { class: "reviewing" }, node, told), decide };
}

/** Ask what is decided about these, with a note. */
function withNote(events, done) {
  if (events.length === 0) return toast("Select events first.");
  editor({
    title: `Decide about ${some(events.length)}`,
    groups: [{ fields: fields("dismissed") }],
    path: "/admin/events/review",
    body: (typed) => ({ event_ids: events.map((event) => event.event_id), ...typed }),
    action: "Decide",
    saved: ({ changed }) => `${some(changed)} decided.`,
    done,
  });
}

/** Send these, one after the other: what was decided, how many have changed, and why not all of it where one failed. */
async function answered(bodies) {
  const all = { events: [], changed: 0, failed: null };
  try {
    for (const body of bodies) {
      const { data } = await change("POST", "/admin/events/review", body);
      all.events.push(...data.events);
      all.changed += data.changed;
    }
  } catch (problem) {
    all.failed = problem.message;
  }
  return all;
}

/** What must be sent so that these are as they were: one body for each state and note that there were. */
function asBefore(events) {
  const bodies = new Map();
  for (const { event_id: id, before } of events) {
    const name = JSON.stringify([before.state, before.note]);
    if (!bodies.has(name)) bodies.set(name, { event_ids: [], ...before });
    bodies.get(name).event_ids.push(id);
  }
  return [...bodies.values()];
}

function some(number) {
  return count(number, "event", "events");
}
