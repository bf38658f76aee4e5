// One question for many panels, where one answer has what all of them show.

// What the API answers for a name that nothing has, or that nothing can have.
const NO_SUCH = new Set([404, 422]);

/**
 * `{live}`, which panels follow in the page's place: `panel.follow(together(page, path))`. `told(data)` gets every
 * answer before they do. `missing()` is called, if given, when there is nothing of that name.
 */
export function together(page, path, { every, told = () => {}, missing = null } = {}) {
  const following = [];
  const shown = (answer) => {
    told(answer.data);
    for (const one of following) one.shown(answer);
  };
  const state = (now) => {
    if (missing && NO_SUCH.has(now.problem?.status)) return missing();
    for (const one of following) one.state(now);
  };
  const source = page.live({ path, every, shown, state });
  return {
    live(one) {
      following.push(one);
      return source;
    },
  };
}
