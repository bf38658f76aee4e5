// Creating and editing one thing in a dialog. If somebody else has changed it meanwhile, both versions are shown,
// field by field, and nothing that was typed is lost.

import { Problem, change, read } from "../api.js";
import { h } from "../dom.js";
import { edited, ending } from "../live.js";
import { confirm, dialog } from "./dialog.js";
import { form } from "./form.js";
import { toast } from "./toast.js";

/**
 * Open the editor, and give its form. To create: `{title, groups, path}`; `path` and `body` may be functions of what is
 * typed, `before(typed)` is done first, `action` is what the button says. To edit: `values` (with `version`) as the API
 * gave them, `method` (PATCH) and `again()`, which reads them anew. `saved(data)` gives the sentence that is said;
 * `done(data)` is called then.
 */
export function editor({
  title,
  groups,
  path,
  body = (typed) => typed,
  before = async () => {},
  values = null,
  action = values === null ? "Create" : "Save",
  method = values === null ? "POST" : "PATCH",
  again,
  saved,
  done = () => {},
}) {
  const creating = values === null;
  const sheet = form({ groups, values: values ?? {}, submitted: save });
  const go = h("button", { class: "button main", type: "submit", form: sheet.node.id }, action);
  const stop = h("button", { class: "button", type: "button", onclick: () => mayClose() && open.close() }, "Cancel");
  const state = { sure: false, saving: false, asked: null };
  const mayClose = () => discarded(sheet, open, state);
  const open = dialog({ title, body: sheet.node, foot: [stop, go], mayClose });
  let version = values?.version;
  sheet.node.querySelector("input, select").focus();
  return sheet;

  async function save() {
    if (go.getAttribute("aria-busy") === "true") return;
    const typed = creating ? filled(sheet.values()) : sheet.changed();
    if (!creating && Object.keys(typed).length === 0) return open.close();
    go.setAttribute("aria-busy", "true");
    state.saving = true;
    try {
      await before(typed);
      const to = typeof path === "function" ? path(typed) : path;
      const { data } = await change(method, to, body(typed), { version });
      finish(data);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      // The page was left, or the dialog closed all the same: it is said in passing.
      if (!open.node.open) toast(`${title}: ${problem.message}`);
      else if (problem.status === 412) await compare(typed).catch((other) => sheet.problem(other));
      else refused(sheet, problem, creating);
    } finally {
      state.saving = false;
      state.asked?.close();
      go.removeAttribute("aria-busy");
    }
  }

  function finish(data) {
    state.asked?.close();
    open.close();
    toast(saved(data));
    edited();
    done(data);
  }

  /** The next save is made on what the other one has made of it. */
  async function compare(typed) {
    const theirs = await again();
    // It is as it was to be: saved before, by an answer that was lost, or by somebody who wanted the same.
    if (Object.entries(typed).every(([name, value]) => value === (theirs[name] ?? null))) return finish(theirs);
    version = theirs.version;
    const both = besides(sheet, theirs);
    if (both.length === 0) return go.focus();
    const first = sheet.field(both[0]);
    first.input.focus({ preventScroll: true });
    first.node.scrollIntoView({ block: "center" });
  }
}

/** Whether the dialog may close: at once if nothing was typed, else after asking. */
function discarded(sheet, open, state) {
  if (state.sure || Object.keys(sheet.changed()).length === 0) return true;
  const does = async () => {
    state.sure = true;
    open.close();
  };
  state.asked = confirm({
    title: "Discard what you typed?",
    text: state.saving ? "It is being saved just now, and may be saved all the same." : "It has not been saved.",
    action: "Discard",
    stay: "Go on typing",
    does,
  });
  return false;
}

function refused(sheet, problem, creating) {
  const kept = "What you typed is still here";
  if (problem.unreachable && creating)
    return sheet.told(`The server does not answer. It may have done it all the same: look before you try again. ${kept}.`);
  if (problem.unreachable) return sheet.told(`The server does not answer. ${kept}: save again in a moment.`);
  if (problem.status === 401) return sheet.told(`Sign in again, then save again. ${kept}.`);
  sheet.problem(problem);
}

/** Put what somebody else has made of it beside what is typed. Gives the names of the fields that both have changed. */
function besides(sheet, theirs) {
  const [mine, before] = [sheet.changed(), sheet.base()];
  const differ = sheet.names().filter((name) => (theirs[name] ?? null) !== (before[name] ?? null));
  for (const name of differ) {
    const field = sheet.field(name);
    field.theirs(...beside(field, name in mine, before[name], theirs[name]));
    if (!(name in mine)) field.set(theirs[name]);
  }
  sheet.reset(theirs);
  const both = differ.filter((name) => name in mine);
  const choose =
    both.length > 0 ? " Where you both changed a field, yours stands in it: look at those that are marked." : "";
  const what = differ.map((name) => sheet.field(name).label).join(", ");
  const changed = `Somebody else has changed this meanwhile${what ? `: ${what}` : ", though nothing that stands here"}.`;
  const lost = "Nothing is saved yet, and nothing that you typed is lost.";
  sheet.told(`${changed} ${lost}${choose} Save again to go on.`, "changed");
  return both;
}

/**
 * Ask before deleting, on the version that is seen. `inUse` is what to say where the API answers that others need it
 * (409), in place of the API's own words. `gone()` leaves a page that is about what is deleted; without it, the page stays.
 */
export function remover({ title, text, path, version, saved, inUse, gone }) {
  const send = async () => {
    try {
      await change("DELETE", path, undefined, { version });
    } catch (problem) {
      if (problem.status !== 404) throw problem;
    }
  };
  confirm({
    title,
    text,
    action: "Delete",
    does: async () => {
      try {
        await (gone ? ending(send) : send());
      } catch (problem) {
        if (problem.status === 412) edited();
        if (problem.status === 412)
          throw new Error("Somebody has changed this meanwhile. Close this, look at it again, and then decide.");
        if (problem.status === 409 && inUse) throw new Error(inUse);
        throw problem;
      }
      toast(saved);
      edited();
      gone?.();
    },
  });
}

/** The latest values for the editor. */
export async function latest(path, { signal } = {}) {
  return (await read(path, { signal })).data;
}

function beside(field, both, before, theirs) {
  const { written } = field;
  if (!both) return [`Changed by somebody else: it was ${written(before)}.`];
  const take = h(
    "button",
    {
      type: "button",
      onclick: () => {
        field.set(theirs);
        field.theirs(`Changed by somebody else: it was ${written(before)}.`);
        field.input.focus();
      },
    },
    "Take it",
  );
  return [`Somebody else wrote ${written(theirs)}; it was ${written(before)}. `, take];
}

function filled(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
