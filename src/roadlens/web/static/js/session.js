// Who is signed in. The token stays in the memory of this browser's tabs: it is forgotten with the last of them. A new
// tab is given it by one that is open.

const KEY = "roadlens.session";
// Milliseconds that a new tab waits for another one to answer.
const PATIENCE = 120;
const others = new BroadcastChannel("roadlens.session");
const ended = new Set();

/** `{token, username, role}`, or null. */
export function current() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function begin(session) {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

/** The same user goes on under another token, in all tabs. */
export function renew(token) {
  begin({ ...current(), token });
  others.postMessage({ renewed: current() });
}

/**
 * Forget who is signed in. `why` is for people; `left` if the user has signed out, in all tabs, and it did not just
 * run out.
 */
export function end(why = "", { left = false } = {}) {
  const before = current();
  if (before === null) return;
  sessionStorage.removeItem(KEY);
  if (left) others.postMessage({ end: why });
  for (const tell of ended) tell(why, before, left);
}

/** Call `tell(why, before, left)` when a session ends; `before` is the session that did. */
export function whenEnded(tell) {
  ended.add(tell);
}

export function mayEdit() {
  return current()?.role === "admin";
}

/** The session of this tab, or the one of another tab, or null. */
export function find() {
  const own = current();
  if (own !== null) return Promise.resolve(own);
  return new Promise((found) => {
    const given = ({ data }) => {
      if (!data.session || current() !== null) return;
      begin(data.session);
      found(data.session);
    };
    others.addEventListener("message", given);
    others.postMessage({ ask: true });
    setTimeout(() => {
      others.removeEventListener("message", given);
      found(current());
    }, PATIENCE);
  });
}

others.addEventListener("message", ({ data }) => {
  if (data.ask && current() !== null) others.postMessage({ session: current() });
  if (data.renewed && data.renewed.username === current()?.username) begin(data.renewed);
  if (data.end !== undefined) end(data.end, { left: true });
});
