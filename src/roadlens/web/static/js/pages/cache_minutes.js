// The cache's last hour, minute by minute: what the API counts in shorter steps, added up.

const MINUTE = 60;
const HOUR = 60;

/** `{hits, misses}` within the hour, of one kind of answer or of all. */
export function summed(history, prefix) {
  const all = { hits: 0, misses: 0 };
  for (const one of chosen(history, prefix)) {
    for (const value of one.hits) all.hits += value;
    for (const value of one.misses) all.misses += value;
  }
  return all;
}

/** The last sixty minutes, the oldest first: `{at, hits, misses}`, `at` a Date, the end of the minute. */
export function minutes(history, prefix) {
  const steps = MINUTE / history.step_s;
  const until = new Date(history.until).getTime();
  const each = Array.from({ length: HOUR }, (_, index) => ({
    at: new Date(until - (HOUR - 1 - index) * MINUTE * 1000),
    hits: 0,
    misses: 0,
  }));
  for (const one of chosen(history, prefix)) {
    one.hits.forEach((hits, index) => {
      const minute = each[HOUR - 1 - Math.floor((one.hits.length - 1 - index) / steps)];
      if (minute === undefined) return;
      minute.hits += hits;
      minute.misses += one.misses[index];
    });
  }
  return each;
}

/** The hit rate of each of these minutes, 0–1; null where nobody asked. */
export function rates(history, prefix) {
  return minutes(history, prefix).map(rate);
}

export function rate({ hits, misses }) {
  return hits + misses > 0 ? hits / (hits + misses) : null;
}

function chosen(history, prefix) {
  return prefix ? history.prefixes.filter((one) => one.key_prefix === prefix) : history.prefixes;
}
