// Keeps what is on the page fresh: asks again every few seconds, and at once after an edit, in this tab or another.

import { read, whenReach } from "./api.js";
import * as session from "./session.js";

const others = new BroadcastChannel("roadlens.edits");
const running = new Set();
const waiting = new Set();

// Seconds between attempts at most while the server is away.
const MOST_PATIENT = 10;

/**
 * Read `path()` now and every `every` seconds while the page is looked at. `shown(answer)` is called when the answer
 * has changed, `state({answer, problem, loading})` before and after every attempt. Returns `{refresh, stop}`.
 */
export function live({ path, every = 15, shown, state = () => {} }) {
  const one = { refresh: ask, hold, stop };
  let timer = null;
  let asking = null;
  let held = false;
  let failures = 0;
  let latest = null;
  let last = null;

  async function ask() {
    clearTimeout(timer);
    asking?.abort();
    if (held || !running.has(one) || session.current() === null) return;
    const attempt = (asking = new AbortController());
    const asked = path();
    if (asked !== last) state({ answer: latest, problem: null, loading: true });
    try {
      const answer = await read(asked, { signal: attempt.signal });
      if (attempt.signal.aborted) return;
      const fresh = failures > 0 || asked !== last || latest.data !== answer.data;
      failures = 0;
      [latest, last] = [{ ...answer, at: Date.now() }, asked];
      if (fresh) shown(latest);
      state({ answer: latest, problem: null, loading: false });
    } catch (problem) {
      if (attempt.signal.aborted) return;
      // What is not the API's own problem is a mistake here, and belongs into the console.
      if (problem.status === undefined) console.error(problem);
      failures += 1;
      // What was seen may be old, but it must answer what is asked.
      state({ answer: asked === last ? latest : null, problem, loading: false });
    }
    done(one);
    // It may have been stopped by what it told.
    if (!running.has(one)) return;
    const wait = failures ? Math.min(2 ** (failures - 1), MOST_PATIENT) : every;
    timer = setTimeout(() => (document.hidden ? undefined : ask()), wait * 1000);
  }

  /** Until `hold(false)` nothing is asked, whoever wants it. */
  function hold(until = true) {
    held = until;
    if (!held) return ask();
    clearTimeout(timer);
    asking?.abort();
  }

  function stop() {
    clearTimeout(timer);
    asking?.abort();
    running.delete(one);
    done(one);
  }

  running.add(one);
  waiting.add({ one, resolve: null });
  ask();
  return one;
}

/** When everything on the page has had its first answer: what can wait begins then. */
export function numbersStand() {
  return new Promise((resolve) => {
    if (waiting.size === 0) resolve();
    else waiting.add({ one: null, resolve });
  });
}

/** Something has been edited here: all that is shown is asked for again, in every tab. */
export function edited() {
  refreshAll();
  others.postMessage("edited");
}

/**
 * Do what ends the very thing that the page is about, or the session. From then on the page asks for nothing, for it
 * would be told that there is no such thing; if it comes to nothing, the page goes on.
 */
export async function ending(does) {
  const goOn = holdAll();
  try {
    return await does();
  } catch (problem) {
    goOn();
    throw problem;
  }
}

/** Do what gives the session another token, and ends the one that the page would ask with meanwhile. */
export async function renewing(does) {
  const goOn = holdAll();
  try {
    return await does();
  } finally {
    goOn();
  }
}

function holdAll() {
  const held = [...running];
  for (const one of held) one.hold();
  return () => {
    for (const one of held) if (running.has(one)) one.hold(false);
  };
}

/** Ask for everything again. */
export function refreshAll() {
  for (const one of running) one.refresh();
}

/** The page is left. */
export function stopAll() {
  for (const one of [...running]) one.stop();
}

function done(one) {
  for (const entry of waiting) if (entry.one === one) waiting.delete(entry);
  if ([...waiting].some((entry) => entry.one !== null)) return;
  for (const entry of waiting) entry.resolve();
  waiting.clear();
}

others.addEventListener("message", refreshAll);
document.addEventListener("visibilitychange", () => document.hidden || refreshAll());
whenReach((problem) => problem === null && refreshAll());
