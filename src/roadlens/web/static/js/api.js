// Asks the API. An answer that has not changed is 304: no bytes, and the same object as before.

import * as session from "./session.js";

const BASE = "api/v1";
// Answers that may be asked for again, by path; the oldest go first.
const MOST_KEPT = 100;
const AWAY = new Set([0, 502, 503, 504]);
// An export is also 503 when there are too many: that the server is away is for what is shown to find out.
const EXPORT = /\/exports?(\/|$)/;
// Milliseconds that signing out waits for the server.
const PATIENCE = 5000;
const ONLY_HERE =
  "You are signed out in this browser. The server did not end it on other devices: sign in and out again when it answers.";
const kept = new Map();
const listeners = new Set();
let away = null;
let renewing = false;

/** What the API refused, as it says it (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(status, { title = "", detail = "", errors = [], type = "" } = {}, retryAfter = null) {
    super(detail || title || `The server answered ${status}.`);
    Object.assign(this, { status, title, errors: errors ?? [], type, retryAfter });
  }

  get unreachable() {
    return AWAY.has(this.status);
  }
}

/**
 * Read a path. `{data, etag, age, kept, changed}`: `age` is how many seconds ago it was computed, `kept` whether it
 * came from the cache, `changed` false if it is the same as the last time.
 */
export async function read(path, { signal, token } = {}) {
  const before = kept.get(path);
  const headers = before?.etag ? { "If-None-Match": before.etag } : {};
  const response = await send("GET", path, { signal, token, headers });
  const age = Number(response.headers.get("Age") ?? 0);
  const fromCache = /;\s*hit\b/.test(response.headers.get("Cache-Status") ?? "");
  if (response.status === 304 && before) return { ...before, age, kept: fromCache, changed: false };
  const answer = { data: await whole(response, signal), etag: response.headers.get("ETag") };
  keep(path, answer);
  return { ...answer, age, kept: fromCache, changed: true };
}

/** Change something: `{data, etag}`. `version` is the row's version that the change is made on. */
export async function change(method, path, body, { version, signal } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const response = await send(method, path, { body: sent, headers, signal });
  const data = response.status === 204 ? null : await whole(response, signal);
  return { data, etag: response.headers.get("ETag") };
}

/** Give the browser a whole answer as a file. One that broke off is not offered: the promise is rejected. */
export async function download(path) {
  const response = await send("GET", path);
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = named?.[1] ?? path.split("/").at(-1).split("?")[0];
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Sign in: the session, as `session.current()` gives it. */
export async function signIn(username, password) {
  const { data } = await change("POST", "/auth/login", { username, password });
  const { data: me } = await read("/auth/me", { token: data.access_token });
  session.begin({ ...session.given(data), username: me.username, role: me.role });
  return session.current();
}

/** Whoever goes on asking stays signed in: half through its life the token is exchanged for the next one. */
async function stayIn() {
  const held = session.current();
  if (renewing || !session.mayRenew(held)) return;
  renewing = true;
  try {
    const { data } = await change("POST", "/auth/refresh");
    // Somebody may have signed out meanwhile.
    if (session.current()?.token === held.token) session.renew(session.given(data));
  } catch (problem) {
    // The token still holds: the next answer is another occasion.
    if (!(problem instanceof Problem)) throw problem;
  } finally {
    renewing = false;
  }
}

/** End the user's tokens, on whatever device. What is shown here ends even if the server is away. */
export async function signOut() {
  const signal = AbortSignal.timeout(PATIENCE);
  const problem = await change("POST", "/auth/logout", undefined, { signal }).then(() => null, (refused) => refused);
  kept.clear();
  const everywhere = problem === null || problem.status === 401;
  session.end(everywhere ? "You are signed out." : ONLY_HERE, { left: true });
}

/** `path` with these parameters; those that are null, undefined or empty are left out. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  return query.size ? `${path}?${query}` : path;
}

/** One segment of a path. */
export function segment(id) {
  return encodeURIComponent(id);
}

/** Another user sees other things: forget all answers. */
export function forget() {
  kept.clear();
}

/** Call `tell(problem)` when the server goes away, and `tell(null)` when it answers again. */
export function whenReach(tell) {
  listeners.add(tell);
}

async function send(method, path, { body, headers = {}, signal, token = session.current()?.token } = {}) {
  if (token) headers = { ...headers, Authorization: `Bearer ${token}` };
  let response;
  try {
    response = await fetch(BASE + path, { method, body, headers, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw reached(new Problem(0, { detail: "The server cannot be reached." }));
  }
  if (response.ok || response.status === 304) {
    reached(null);
    stayIn();
    return response;
  }
  const said = await response.json().catch(() => ({}));
  const problem = new Problem(response.status, said, Number(response.headers.get("Retry-After")) || null);
  if (!problem.unreachable || !EXPORT.test(path)) reached(problem.unreachable ? problem : null);
  if (response.status === 401 && token && token === session.current()?.token) {
    session.end("Your session has ended. Sign in again to go on where you were.");
  }
  throw problem;
}

/** What an answer says. One that breaks off, or is something else, is none. */
async function whole(response, signal) {
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw reached(new Problem(0, { detail: "The answer of the server broke off." }));
  }
}

function reached(problem) {
  if ((problem === null) !== (away === null)) for (const tell of listeners) tell(problem);
  away = problem;
  return problem;
}

function keep(path, answer) {
  kept.delete(path);
  if (answer.etag) kept.set(path, answer);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
}
