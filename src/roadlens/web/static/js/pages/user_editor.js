// Creating a user, changing a role or an address, giving another password.

import { segment } from "../api.js";
import { h } from "../dom.js";
import { editor, latest } from "../parts/editor.js";

const PATH = "/admin/users";

const ROLE = {
  name: "role",
  label: "Role",
  kind: "select",
  width: 3,
  start: "viewer",
  options: [
    { value: "viewer", label: "Viewer: may look" },
    { value: "admin", label: "Administrator: may change" },
  ],
};
const ACCESS = {
  name: "active",
  label: "Access",
  kind: "select",
  width: 3,
  options: [
    { value: true, label: "Active: may sign in" },
    { value: false, label: "Disabled: may not sign in" },
  ],
};
const EMAIL = { name: "email", label: "E-mail address", kind: "email", width: 6 };
const NAME = {
  name: "username",
  label: "Username",
  width: 3,
  required: true,
  hint: "To sign in with. Capitals do not matter.",
  input: { maxlength: 200, autocapitalize: "none", spellcheck: "false" },
};
const PASSWORD = {
  name: "password",
  label: "Password",
  kind: "password",
  width: 3,
  required: true,
  hint: "At least 12 characters: four words that do not belong together.",
  input: { autocomplete: "new-password", maxlength: 1000 },
};

export function createUser() {
  editor({
    title: "New user",
    groups: [{ fields: [NAME, PASSWORD, ROLE, { ...EMAIL, width: 3 }] }],
    path: PATH,
    saved: (user) => `${user.username} is created and can sign in.`,
  });
}

/** Edit this user, as the list gave them. One's own rights and the last administrator's are refused at their field. */
export function editUser(user) {
  const path = `${PATH}/${segment(user.user_id)}`;
  editor({
    title: `Edit ${user.username}`,
    groups: [{ fields: [ROLE, ACCESS, EMAIL] }],
    path,
    values: user,
    again: () => latest(path),
    saved: (now) => `${now.username} is saved.`,
  });
}

/** Give somebody else another password. */
export function resetPassword(user) {
  const sheet = editor({
    title: `New password for ${user.username}`,
    groups: [
      {
        fields: [
          {
            ...PASSWORD,
            label: "New password",
            width: 6,
            hint: `At least 12 characters. ${user.username} is signed out everywhere, and must be told the new one by you.`,
          },
        ],
      },
    ],
    action: "Set password",
    path: `${PATH}/${segment(user.user_id)}/password`,
    saved: () => `${user.username} has another password and is signed out.`,
  });
  // For what keeps passwords: it is not the password of whoever types it.
  sheet.node.prepend(h("input", { name: "username", autocomplete: "username", value: user.username, hidden: true }));
}
