// The button that gives a list as a file, with the filters of the moment.

import { address, download } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { toast } from "./toast.js";

/**
 * `name` is the list's in the API, as `drivers`; `filters()` gives its parameters, without those of a page; `label` is
 * what the button says.
 */
export function exportButton(name, filters = () => ({}), label = "Export CSV") {
  const button = h("button", { class: "button", type: "button", onclick: save }, icon("save"), label);
  async function save() {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await download(address(`/admin/exports/${name}.csv`, { ...filters(), bom: true }));
    } catch (problem) {
      toast(problem.status ? problem.message : "The file could not be fetched to its end. Try again.");
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
  return button;
}
