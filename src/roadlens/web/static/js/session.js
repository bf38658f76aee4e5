// Who is signed in. The token stays in the memory of this browser's tabs: it is forgotten with the last of them. A new
// tab is given it by one that is open.

const KEY = "roadlens.session";
// Milliseconds that a new tab waits for another one to answer, and for which it hears one that is busy.
const PATIENCE = 120;
const HEARS_FOR = 20_000;
// Milliseconds before its end at which a session says that it ends.
const NOTICE = 5 * 60_000;
const others = new BroadcastChannel("roadlens.session");
const ended = new Set();
const ending = new Set();
let noticed = null;

/**
 * `{token, renewAt, endsAt, username, role}`, or null. From `renewAt` on another token should be asked for, at `endsAt`
 * there is none any more; both are milliseconds of this browser's clock.
 */
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

/** What a session keeps of the answer that gave a token. `renewAt` is null for a session's last one. */
export function given({ access_token: token, expires_in: left, session_expires_in: all }) {
  const now = Date.now();
  return { token, renewAt: left < all ? now + left * 500 : null, endsAt: now + all * 1000 };
}

/** Whether it is time for the next token. Says, once, when the session ends soon. */
export function mayRenew(session) {
  const now = Date.now();
  if (session?.endsAt && session.endsAt !== noticed && session.endsAt - now < NOTICE) {
    noticed = session.endsAt;
    for (const tell of ending) tell(session.endsAt);
  }
  return Boolean(session?.renewAt) && session.renewAt <= now;
}

/** The same user goes on under another token, as `given` has it, in all tabs; unless the session has ended meanwhile. */
export function renew(next) {
  if (current() === null) return;
  begin({ ...current(), ...next });
  others.postMessage({ renewed: current() });
}

/**
 * Forget who is signed in. `why` is for people; `left` if the user has signed out, in all tabs, and it did not just
 * run out.
 */
export function end(why = "", { left = false } = {}) {
  if (left) others.postMessage({ end: why });
  ends(why, left);
}

function ends(why, left) {
  const before = current();
  // Who signs out leaves also a page that had asked to sign in again.
  if (before === null && !left) return;
  sessionStorage.removeItem(KEY);
  for (const tell of ended) tell(why, before, left);
}

/**
 * Call `tell(why, before, left)` when a session ends; `before` is the session that did, null where none was left when
 * the user signed out.
 */
export function whenEnded(tell) {
  ended.add(tell);
}

/** Call `tell(endsAt)` some minutes before a session ends that cannot be renewed any more. */
export function whenEnding(tell) {
  ending.add(tell);
}

export function mayEdit() {
  return current()?.role === "admin";
}

/** The session of this tab, or the one of another tab, or null. `late()` is called if that of another tab comes later. */
export function find(late) {
  const own = current();
  if (own !== null) return Promise.resolve(own);
  return new Promise((found) => {
    let tell = found;
    const given = ({ data }) => {
      if (!data.session || current() !== null) return;
      begin(data.session);
      tell(data.session);
    };
    others.addEventListener("message", given);
    others.postMessage({ ask: true });
    setTimeout(() => {
      tell = late;
      found(current());
    }, PATIENCE);
    setTimeout(() => others.removeEventListener("message", given), HEARS_FOR);
  });
}

others.addEventListener("message", ({ data }) => {
  if (data.ask && current() !== null) others.postMessage({ session: current() });
  if (data.renewed && data.renewed.username === current()?.username) begin(data.renewed);
  if (data.end !== undefined) ends(data.end, true);
});
