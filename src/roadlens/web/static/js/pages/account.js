// Your own account: who you are here, until when you are signed in, and your password. For everybody, viewers too.

import { Problem, change } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { renewing } from "../live.js";
import { form } from "../parts/form.js";
import { facts } from "../parts/pairs.js";
import { panel } from "../parts/panel.js";
import { toast } from "../parts/toast.js";
import { current, given, renew } from "../session.js";

const secret = (name, label, autocomplete, hint = "") => ({
  name,
  label,
  hint,
  kind: "password",
  required: true,
  input: { autocomplete, maxlength: 1000 },
});
const FIELDS = [
  secret("current", "Current password", "current-password"),
  secret("new", "New password", "new-password", "At least 12 characters: four words that do not belong together."),
  secret("repeated", "New password again", "new-password"),
];
const UNKNOWN =
  "The server does not answer. Whether your password is changed is not known. If you are asked to sign in, it is the new one.";

export function open(page) {
  page.head("Your account");
  const about = panel({ title: "Signed in as", kind: "half", tall: 180, view: (me) => [own(me)] });
  page.main.append(h("div", { class: "grid" }, about.node, password()));
  about.follow(page, () => "/auth/me", { every: 120 });
}

function own(me) {
  return facts([
    ["Username", me.username],
    ["Role", me.role === "admin" ? "Administrator" : "Viewer: may look, not edit"],
    ["E-mail address", me.email ?? "–"],
    ["Signed in until", moment(me.session_ends_at)],
  ]);
}

function password() {
  const go = h("button", { class: "button main", type: "submit" }, "Change password");
  const sheet = form({ groups: [{ fields: FIELDS }], submitted: () => save(sheet, go) });
  // For who keeps passwords: whose this one is.
  const name = h("input", { name: "username", autocomplete: "username", value: current().username, hidden: true });
  sheet.node.prepend(name);
  sheet.node.append(
    h(
      "p",
      { class: "quiet" },
      "You stay signed in here. Wherever else you are signed in, you are asked for the new one.",
    ),
    h("div", { class: "row" }, go),
  );
  return h("section", { class: "panel half", "aria-labelledby": "password" }, [
    h("div", { class: "panel-head" }, h("h2", { id: "password" }, "Password")),
    h("div", { class: "panel-body" }, sheet.node),
  ]);
}

async function save(sheet, go) {
  if (go.getAttribute("aria-busy") === "true") return;
  const { current: before, new: wanted, repeated } = sheet.values();
  if (wanted !== repeated) {
    sheet.field("repeated").wrong("This is not the same as the new password.");
    return sheet.field("repeated").input.focus();
  }
  go.setAttribute("aria-busy", "true");
  try {
    await renewing(async () => {
      const { data } = await change("POST", "/auth/password", { current: before, new: wanted });
      renew(given(data));
    });
    for (const { name } of FIELDS) sheet.field(name).set(null);
    toast("Your password is changed.");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.unreachable) sheet.told(UNKNOWN);
    else sheet.problem(problem);
  } finally {
    go.removeAttribute("aria-busy");
  }
}
