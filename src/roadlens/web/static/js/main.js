// Begins: whoever is signed in sees the page of the address, whoever is not is asked to sign in first.

import { forget } from "./api.js";
import { h, replace } from "./dom.js";
import { clock } from "./format.js";
import { refreshAll, numbersStand } from "./live.js";
import { chartsReady } from "./parts/chart.js";
import { hush, toast } from "./parts/toast.js";
import { loadAll } from "./routes.js";
import * as session from "./session.js";
import { shell } from "./shell.js";
import { gate } from "./gate.js";

// Milliseconds, in which a page has asked its first questions.
const BEGUN = 1000;

const app = document.getElementById("app");

async function begin() {
  if ((await session.find(show)) === null) return askFor("");
  show();
}

function askFor(why) {
  replace(app, gate({ why, entered: show }));
  document.title = "Sign in · Roadlens";
  app.querySelector("input").focus();
}

function show() {
  replace(app, shell());
  // The other pages come last, when this one has begun and has all it asks for.
  setTimeout(() => numbersStand().then(chartsReady).then(loadAll), BEGUN);
}

/**
 * The session has ended under a page that is open. The page stays as it is, with all that was typed; over it one signs
 * in again. Who comes as somebody else begins anew.
 */
function askAgain(why, before) {
  const place = location.hash;
  const dialog = h("dialog", { class: "gate-dialog", "aria-label": "Sign in" });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  // At a second Escape a browser closes it all the same.
  dialog.addEventListener("close", () => {
    if (!dialog.isConnected || session.current() !== null) return;
    dialog.showModal();
    dialog.querySelector("[name=password]").focus();
  });
  const entered = (now) => {
    dialog.close();
    dialog.remove();
    const same = now.username === before.username && now.role === before.role;
    // Another page that was gone to meanwhile has waited until somebody is there to see it.
    if (same && location.hash === place) return refreshAll();
    forget();
    show();
  };
  dialog.append(gate({ why, username: before.username, entered }));
  app.append(dialog);
  dialog.showModal();
  dialog.querySelector("[name=password]").focus();
}

session.whenEnded((why, before, left) => {
  const shown = app.querySelector(".shell") !== null;
  if (!shown && before === null) return;
  if (left || !shown) {
    forget();
    hush();
    for (const open of document.querySelectorAll("dialog[open]")) open.remove();
    askFor(why);
  } else askAgain(why, before);
});

session.whenEnding((at) => toast(`Your session ends at ${clock(at)}. Sign in again then: what you have typed stays.`));

begin();
