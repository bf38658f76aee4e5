// What the law gives a driver: a file of all that is held, and to be erased. For administrators.

import { download, segment } from "../api.js";
import { h } from "../dom.js";
import { fullName, number } from "../format.js";
import { icon } from "../icons.js";
import { askToErase } from "../parts/erasing.js";
import { toast } from "../parts/toast.js";
import { mayEdit } from "../session.js";

/** The panel, `{node, told(driver)}`; null for who may not. `gone()` leaves the page when the driver is erased. */
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
  askToErase({
    name,
    text:
      `${name} (${id}) will be gone for good: the person, trips, events, scores, positions, and the values in the audit ` +
      "log. Totals of past days become smaller. Backups are not touched.",
    typed: id,
    path: `/admin/drivers/${segment(id)}/erase`,
    erased: (data) => `Erased, with ${number(data.trips)} trips. The log keeps entries as ${data.erased_as}.`,
    gone,
  });
}
