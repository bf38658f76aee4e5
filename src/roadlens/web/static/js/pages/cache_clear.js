// Clearing by pattern: first what it would reach, then the asking, then what the server said.

import { address, change, read } from "../api.js";
import { h, replace, unique } from "../dom.js";
import { count, number } from "../format.js";
import { edited } from "../live.js";
import { dialog } from "../parts/dialog.js";
import { called, enumerated } from "./cache_words.js";

// Milliseconds without a key before it is asked.
const PAUSE = 200;

/** Ask for a pattern, beginning with this one. */
export function clearCache(pattern) {
  const [id, hint] = [unique("pattern"), unique("hint")];
  const reach = h("div", { class: "reach", "aria-live": "polite" }, "\u00a0");
  const told = h("p", { class: "told", role: "alert", hidden: true });
  const input = h("input", {
    class: "input code",
    id,
    value: pattern,
    maxlength: 500,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": hint,
    oninput: () => asking(),
  });
  const body = h(
    "form",
    { class: "form", novalidate: true, id: unique("clear"), onsubmit: (event) => (event.preventDefault(), clear()) },
    h(
      "p",
      {},
      "Edits never need this. It is for answers that you have doubts about: the next one who asks waits until it is computed.",
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: id }, "Pattern of keys"),
      input,
      h(
        "p",
        { class: "hint", id: hint },
        "* stands for anything, ? for one sign, [abc] for one of these. A lone * is everything.",
      ),
    ),
    reach,
    told,
  );
  const go = h("button", { class: "button danger", type: "submit", form: body.id }, "Clear");
  const stop = h("button", { class: "button", type: "button", onclick: () => open.close() }, "Cancel");
  const open = dialog({ title: "Clear the cache", body, foot: [stop, go] });
  const asking = preview(input, reach, go);
  input.focus();

  async function clear() {
    if (go.getAttribute("aria-busy") === "true" || go.getAttribute("aria-disabled") === "true") return;
    go.setAttribute("aria-busy", "true");
    told.hidden = true;
    try {
      const { data } = await change("POST", address("/admin/cache/clear", { pattern: input.value }));
      said(open, data);
    } catch (problem) {
      told.textContent = problem.message;
      told.hidden = false;
    } finally {
      go.removeAttribute("aria-busy");
    }
  }
}

/** Says what the pattern reaches while it is typed; gives a function that begins anew. */
function preview(input, reach, go) {
  let pause = null;
  const ask = async () => {
    const pattern = input.value;
    go.setAttribute("aria-disabled", String(pattern === ""));
    if (pattern === "") return replace(reach, "Write a pattern.");
    try {
      const { data } = await read(address("/admin/cache/reach", { pattern }));
      if (input.value === pattern) replace(reach, meaning(data));
    } catch (problem) {
      if (input.value === pattern) replace(reach, problem.message);
    }
  };
  ask();
  return () => {
    clearTimeout(pause);
    pause = setTimeout(ask, PAUSE);
  };
}

function meaning({ prefixes, of }) {
  if (prefixes.length === of)
    return [h("strong", {}, `Fits all ${number(of)} kinds of answers. `), "Everything that is kept is computed anew."];
  return [
    h("strong", {}, `Fits ${number(prefixes.length)} of ${number(of)} kinds of answers: `),
    `${enumerated(prefixes.map(called))}.`,
  ];
}

function said(open, { pattern, cleared }) {
  const freed = `${count(cleared, "kept answer was", "kept answers were")} freed in this worker and in Redis.`;
  const close = h("button", { class: "button main", type: "button", onclick: () => open.close() }, "Close");
  const text = [
    h(
      "p",
      { role: "status" },
      h("strong", {}, "Cleared. "),
      `${freed} `,
      "No worker finds any more what matched ",
      h("code", {}, pattern),
      ".",
    ),
    h("p", { class: "quiet" }, "Other workers free their room as they need it. The audit log has a line about it."),
  ];
  replace(open.node.querySelector(".dialog-body"), h("div", { class: "form" }, text));
  replace(open.node.querySelector(".dialog-foot"), close);
  close.focus();
  edited();
}
