// What the law gives a driver: a file of all that is held, and to be erased. For administrators.

import { Problem, change, download, segment } from "../api.js";
import { h } from "../dom.js";
import { fullName, number } from "../format.js";
import { icon } from "../icons.js";
import { edited } from "../live.js";
import { dialog } from "../parts/dialog.js";
import { form } from "../parts/form.js";
import { toast } from "../parts/toast.js";
import { mayEdit } from "../session.js";

/** The panel, `{node, told(driver)}`; null for who may not. `gone()` is called when the driver is erased. */
export function personalData(id, gone) {
  if (!mayEdit()) return null;
  let name = id;
  const save = h("button", { class: "button", type: "button", onclick: () => file(id, save) }, icon("save"), "Export data");
  const erase = h(
    "button",
    { class: "button danger", type: "button", onclick: () => ask(id, name, gone) },
    icon("remove"),
    "Erase",
  );
  const node = h("section", { class: "panel", "aria-labelledby": "personal-data" }, [
    h("div", { class: "panel-head" }, h("h2", { id: "personal-data" }, "Personal data")),
    h(
      "div",
      { class: "panel-body" },
      h("p", { class: "quiet" }, "A file of all that is held about this driver; or nothing of it any more, anywhere."),
      h("div", { class: "row" }, save, erase),
    ),
  ]);
  return { node, told: (driver) => (name = fullName(driver)) };
}

async function file(id, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await download(`/admin/drivers/${segment(id)}/export`);
  } catch (problem) {
    toast(problem.status ? problem.message : "The file could not be fetched to its end. Try again.");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function ask(id, name, gone) {
  const go = h("button", { class: "button danger", type: "submit" }, "Erase for good");
  const field = { name: "confirm", label: `Type ${id} to confirm`, width: 6, required: true, input: { autocomplete: "off" } };
  const sheet = form({ groups: [{ fields: [field] }], submitted: () => erase(sheet, go, id, asked, gone) });
  const told =
    `${name} (${id}) will be gone for good: the person, trips, events, scores, positions, and the values in the audit ` +
    "log. Totals of past days become smaller. Backups are not touched.";
  sheet.node.prepend(h("p", {}, told));
  sheet.node.append(
    h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: () => asked.close() }, "Cancel"), go),
  );
  const asked = dialog({ title: `Erase ${name}?`, narrow: true, body: sheet.node, foot: [] });
  sheet.field("confirm").input.focus();
}

async function erase(sheet, go, id, asked, gone) {
  if (go.getAttribute("aria-busy") === "true") return;
  go.setAttribute("aria-busy", "true");
  try {
    const { data } = await change("POST", `/admin/drivers/${segment(id)}/erase`, sheet.values());
    asked.close();
    toast(`Erased, with ${number(data.trips)} trips. The log keeps entries as ${data.erased_as}.`);
    edited();
    gone();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.unreachable) sheet.told("The server does not answer. Nothing is erased: try again in a moment.");
    else sheet.problem(problem);
  } finally {
    go.removeAttribute("aria-busy");
  }
}
