// A dialog over the page: the rest waits, Escape closes, and the focus goes back to where it was.

import { h, unique } from "../dom.js";
import { icon } from "../icons.js";
import { toast } from "./toast.js";

/**
 * Open one, `{node, close()}`. `body` and `foot` are nodes. `mayClose()` is asked before Escape and the cross close
 * it.
 */
export function dialog({ title, body, foot, narrow = false, mayClose = () => true, closed = () => {} }) {
  const id = unique("dialog");
  const before = document.activeElement;
  const cross = h(
    "button",
    { class: "button plain square", type: "button", "aria-label": "Close", onclick: () => mayClose() && close() },
    icon("close"),
  );
  const head = h("div", { class: "dialog-head" }, h("h2", { id }, title), cross);
  const frame = h(
    "div",
    { class: "dialog-frame" },
    head,
    h("div", { class: "dialog-body", tabindex: "-1" }, body),
    h("div", { class: "dialog-foot" }, foot),
  );
  const node = h("dialog", { class: `dialog ${narrow ? "narrow" : ""}`, "aria-labelledby": id }, frame);

  function close() {
    node.close();
  }

  // At a second Escape a browser closes a dialog without asking it.
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    if (mayClose()) close();
  });
  node.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (mayClose()) close();
  });
  node.addEventListener("close", () => {
    node.remove();
    if (before?.isConnected) before.focus();
    // What it came from may have been made anew meanwhile.
    else if (document.activeElement === document.body) document.querySelector("main h1")?.focus();
    closed();
  });
  document.getElementById("app").append(node);
  node.showModal();
  return { node, close };
}

/** Ask before something that cannot be undone, in a dialog as above. `does()` may be refused: the reason is said then. */
export function confirm({ title, text, action, danger = true, stay = "Cancel", does }) {
  const told = h("p", { class: "told", role: "alert", hidden: true });
  const go = h("button", { class: `button ${danger ? "danger" : "main"}`, type: "button", onclick: act }, action);
  const stop = h("button", { class: "button", type: "button", onclick: () => asked.close() }, stay);
  const asked = dialog({
    title,
    narrow: true,
    body: h("div", { class: "form" }, h("p", {}, text), told),
    foot: [stop, go],
  });
  stop.focus();
  return asked;

  async function act() {
    if (go.getAttribute("aria-busy") === "true") return;
    go.setAttribute("aria-busy", "true");
    try {
      await does();
      asked.close();
    } catch (problem) {
      if (!asked.node.open) return toast(`${title} ${problem.message}`);
      told.textContent = problem.message;
      told.hidden = false;
    } finally {
      go.removeAttribute("aria-busy");
    }
  }
}
