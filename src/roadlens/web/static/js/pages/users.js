// Who may sign in, and what each may do there. A viewer looks; an administrator creates, changes, disables.

import { change, segment } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { icon } from "../icons.js";
import { edited } from "../live.js";
import { link } from "../router.js";
import { act } from "../parts/act.js";
import { state } from "../parts/badge.js";
import { confirm } from "../parts/dialog.js";
import { askToErase } from "../parts/erasing.js";
import { listPage } from "../parts/leafed.js";
import { toast } from "../parts/toast.js";
import { current, mayEdit } from "../session.js";
import { createUser, editUser, resetPassword } from "./user_editor.js";

const ABOUT =
  "A viewer sees everything and changes nothing but their own password. Who may no longer sign in is disabled: what they " +
  "did stays, and the audit log names them. Who wants to be forgotten is erased: it stays, and names nobody.";

export function open(page) {
  const create = h("button", { class: "button main", type: "button", onclick: createUser }, icon("add"), "New user");
  const log = h("a", { class: "button", href: link(["audit"]) }, "Audit log");
  const own = h("a", { class: "button", href: link(["account"]) }, icon("key"), "Your password");
  listPage(page, {
    title: "Users",
    caption: "Users of Roadlens, oldest first",
    name: "users",
    one: "user",
    actions: mayEdit() ? [log, own, create] : [own],
    about: h("p", { class: "tools quiet" }, ABOUT),
    columns: columns(),
    key: (user) => user.user_id,
    tall: 400,
  });
}

function isOwn(user) {
  return user.username === current()?.username;
}

function columns() {
  const shown = [
    {
      label: "User",
      head: true,
      cell: (user) => [
        h("span", { class: "row" }, user.username, isOwn(user) && state(null, "You")),
        h("span", { class: "second" }, user.email ?? "no e-mail address"),
      ],
    },
    { label: "Role", cell: (user) => (user.role === "admin" ? "Administrator" : "Viewer") },
    { label: "Access", cell: (user) => (user.active ? state("good", "Active") : state("care", "Disabled")) },
    { label: "Created", cell: (user) => moment(user.created_at) },
  ];
  return mayEdit()
    ? [...shown, { label: "Edit, new password, disable or enable, erase", actions: true, cell: buttons }]
    : shown;
}

function buttons(user) {
  const of = user.username;
  const password = { label: "New password", of, name: "key" };
  return [
    act({ label: "Edit", of, name: "edit", does: () => editUser(user) }),
    // One's own asks for the old one, and does not end the session.
    act(isOwn(user) ? { ...password, href: link(["account"]) } : { ...password, does: () => resetPassword(user) }),
    user.active
      ? act({ label: "Disable", of, name: "bar", does: () => allow(user, false) })
      : act({ label: "Enable", of, name: "allow", does: () => allow(user, true) }),
    // Nobody erases themselves.
    !isOwn(user) && act({ label: "Erase", of, name: "remove", does: () => erase(user) }),
  ];
}

function erase({ user_id: id, username }) {
  askToErase({
    name: username,
    text:
      `${username} will be gone for good: the user, the networks they signed in from, and name and address in the audit ` +
      "log, which keeps what they did. Backups are not touched.",
    typed: username,
    path: `/admin/users/${segment(id)}/erase`,
    erased: (data) => `${username} is erased. The log keeps entries as ${data.erased_as}.`,
  });
}

function allow(user, active) {
  const texts = active
    ? {
        title: `Enable ${user.username}?`,
        text: "They can sign in again with the password that they had.",
        action: "Enable",
      }
    : {
        title: `Disable ${user.username}?`,
        text: "They are signed out everywhere at once and cannot sign in until they are enabled again. What they did stays.",
        action: "Disable",
      };
  confirm({ ...texts, danger: !active, does: () => turn(user, active) });
}

async function turn(user, active) {
  try {
    await change("PATCH", `/admin/users/${segment(user.user_id)}`, { active }, { version: user.version });
  } catch (problem) {
    if (problem.status !== 412) throw problem;
    edited();
    throw new Error("Somebody has changed this user meanwhile. Close this, look again, and then decide.");
  }
  toast(active ? `${user.username} may sign in again.` : `${user.username} is disabled and signed out.`);
  edited();
}
