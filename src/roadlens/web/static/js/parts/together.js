// One question for many panels, where one answer has what all of them show.

/** `{live}`, which panels follow in the page's place: `panel.follow(together(page, path))`. */
export function together(page, path, { every } = {}) {
  const following = [];
  const tell = (name) => (given) => following.forEach((one) => one[name](given));
  const one = page.live({ path, every, shown: tell("shown"), state: tell("state") });
  return {
    live({ shown, state }) {
      following.push({ shown, state });
      return one;
    },
  };
}
