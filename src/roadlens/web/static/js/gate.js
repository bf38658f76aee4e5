// Signing in: a name, a password, and what went wrong in words. Knows nothing of what comes behind it.

import { Problem, signIn } from "./api.js";
import { h, replace, unique } from "./dom.js";
import { mark } from "./shell.js";

/** The view. `why` stands above the fields; `entered(session)` is called when somebody is in. */
export function gate({ why = "", username = "", entered }) {
  const told = h("p", { class: "told", role: "alert", hidden: !why }, why);
  const name = field("Username", {
    name: "username",
    autocomplete: "username",
    value: username,
    autocapitalize: "none",
    spellcheck: "false",
  });
  const password = field("Password", { name: "password", type: "password", autocomplete: "current-password" });
  const button = h("button", { class: "button main", type: "submit" }, "Sign in");
  const form = h("form", { class: "form", novalidate: true, onsubmit: submit }, told, name.node, password.node, button);

  function tell(text) {
    told.hidden = false;
    // Also where it says so already: it is read aloud again.
    replace(told, text);
  }

  async function submit(event) {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    const missing = [name, password].find((one) => one.input.value === "");
    if (missing) {
      tell(`Fill in your ${missing === name ? "username" : "password"}.`);
      return missing.input.focus();
    }
    button.setAttribute("aria-busy", "true");
    try {
      entered(await signIn(name.input.value, password.input.value));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      tell(refused(problem));
      if (problem.status === 401) password.input.select();
      password.input.focus();
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  return h(
    "main",
    { class: "gate" },
    h(
      "div",
      { class: "gate-card" },
      h("h1", { class: "brand" }, mark(), "Roadlens"),
      form,
      h("p", { class: "gate-foot" }, "Driver risk, explained."),
    ),
  );
}

function refused(problem) {
  if (problem.unreachable) return "The server does not answer. Nothing is lost: try again in a moment.";
  if (problem.status === 429 && problem.retryAfter) {
    const minutes = Math.ceil(problem.retryAfter / 60);
    const wait = problem.retryAfter < 90 ? `${problem.retryAfter} seconds` : `${minutes} minutes`;
    return `Too many wrong passwords. Try again in ${wait}.`;
  }
  if (problem.status === 401) return "Username or password is wrong.";
  return problem.message;
}

function field(label, attributes) {
  const id = unique("gate");
  const input = h("input", { class: "input", id, required: true, ...attributes });
  return { input, node: h("div", { class: "field" }, h("label", { for: id }, label), input) };
}
