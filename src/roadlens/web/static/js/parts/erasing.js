// Erasing somebody for good: a dialog that wants the name again, and says what became of it.

import { Problem, change } from "../api.js";
import { h } from "../dom.js";
import { edited, ending } from "../live.js";
import { dialog } from "./dialog.js";
import { form } from "./form.js";
import { toast } from "./toast.js";

/**
 * `name` is who, `typed` what has to be typed, `path` where it is sent; `erased(data)` gives the sentence that is said.
 * `gone()` leaves a page that is about whoever is erased; without it, the page stays.
 */
export function askToErase({ name, text, typed, path, erased, gone }) {
  const go = h("button", { class: "button danger", type: "submit" }, "Erase for good");
  const field = { name: "confirm", label: `Type ${typed} to confirm`, width: 6, required: true, input: { autocomplete: "off" } };
  const sheet = form({ groups: [{ fields: [field] }], submitted: () => erase({ sheet, go, asked, name, path, erased, gone }) });
  sheet.node.prepend(h("p", {}, text));
  sheet.node.append(
    h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: () => asked.close() }, "Cancel"), go),
  );
  const asked = dialog({ title: `Erase ${name}?`, narrow: true, body: sheet.node, foot: [] });
  sheet.field("confirm").input.focus();
}

async function erase({ sheet, go, asked, name, path, erased, gone }) {
  if (go.getAttribute("aria-busy") === "true") return;
  go.setAttribute("aria-busy", "true");
  try {
    const send = () => change("POST", path, sheet.values());
    const { data } = await (gone ? ending(send) : send());
    asked.close();
    edited();
    // It was done before, and the answer was lost; or by somebody else.
    toast(data.erased_as === null ? `Nothing was left: ${name} is erased already.` : erased(data));
    gone?.();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (!asked.node.open) toast(`Erasing ${name}: ${problem.message}`);
    else if (problem.unreachable) sheet.told("The server does not answer. Whether it is erased is not known: try again.");
    else sheet.problem(problem);
  } finally {
    go.removeAttribute("aria-busy");
  }
}
