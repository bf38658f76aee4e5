// Erasing somebody for good: a dialog that wants the name again, and says what became of it.

import { Problem, change } from "../api.js";
import { h } from "../dom.js";
import { edited, ending } from "../live.js";
import { dialog } from "./dialog.js";
import { form } from "./form.js";

/**
 * `typed` is what has to be typed, `path` where it is sent, `erased(data)` is called with the answer. `gone()` leaves a
 * page that is about whoever is erased; without it, the page stays.
 */
export function askToErase({ title, text, typed, path, erased, gone }) {
  const go = h("button", { class: "button danger", type: "submit" }, "Erase for good");
  const field = { name: "confirm", label: `Type ${typed} to confirm`, width: 6, required: true, input: { autocomplete: "off" } };
  const sheet = form({ groups: [{ fields: [field] }], submitted: () => erase({ sheet, go, asked, path, erased, gone }) });
  sheet.node.prepend(h("p", {}, text));
  sheet.node.append(
    h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: () => asked.close() }, "Cancel"), go),
  );
  const asked = dialog({ title, narrow: true, body: sheet.node, foot: [] });
  sheet.field("confirm").input.focus();
}

async function erase({ sheet, go, asked, path, erased, gone }) {
  if (go.getAttribute("aria-busy") === "true") return;
  go.setAttribute("aria-busy", "true");
  try {
    const send = () => change("POST", path, sheet.values());
    const { data } = await (gone ? ending(send) : send());
    asked.close();
    edited();
    erased(data);
    gone?.();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.unreachable) sheet.told("The server does not answer. Nothing is erased: try again in a moment.");
    else sheet.problem(problem);
  } finally {
    go.removeAttribute("aria-busy");
  }
}
