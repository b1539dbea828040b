// The inbox lives: a stream says that something changed, and what is on the page is looked at again.

import { say } from "../say.js";
import { addRows } from "./arrivals.js";
import { part, reload, setTabs } from "./list.js";
import { linkOf, list, opened, pane, row, rows } from "./page.js";
import { closePane, refreshPane } from "./pane.js";

// So many rows the server looks at, with the open report.
const MOST_ASKED = 300;
// So many new ones it gives at once.
const MOST_FRESH = 50;
const SHORTEST_WAIT = 2000;
const LONGEST_WAIT = 60000;

const offline = document.getElementById("offline");
let source = null;
let again = null;
let patience = SHORTEST_WAIT;
let looking = false;
let lookAgain = false;

function listen() {
  clearTimeout(again);
  source?.close();
  // A browser has six connections to a host: a window that nobody sees needs none.
  if (document.hidden) return;
  source = new EventSource(list.dataset.live);
  // Browsers give up after an answer that isn't a stream, as a proxy gives while the server starts again.
  source.addEventListener("error", () => {
    offline.hidden = false;
    if (source.readyState === EventSource.CLOSED) listenLater();
  });
  // The first event comes with the connection, so that what nobody heard is caught up with.
  source.addEventListener("changed", look);
}

function heard() {
  patience = SHORTEST_WAIT;
  offline.hidden = true;
}

function listenLater() {
  offline.hidden = false;
  clearTimeout(again);
  again = setTimeout(listen, patience);
  patience = Math.min(patience * 2, LONGEST_WAIT);
}

// One look at a time; what changes meanwhile is looked for afterwards.
async function look() {
  lookAgain = looking;
  if (looking) return;
  looking = true;
  try {
    await catchUp();
  } finally {
    looking = false;
    if (lookAgain) look();
  }
}

async function catchUp() {
  const shown = rows().map((each) => each.dataset.id);
  const newest = shown[0] ?? "";
  const open = opened();
  if (!newest && !open) return (await reload({ quiet: true })) ? heard() : listenLater();
  const asked = [...new Set([...shown.slice(0, MOST_ASKED - 1), open].filter(Boolean))];
  const page = await part(`part=live&newest=${newest}&shown=${asked.join(",")}`, { quiet: true });
  // Looked for again soon: the next change may be long in coming.
  if (!page) return listenLater();
  heard();
  setTabs(page.querySelector("[data-tabs]"));
  const now = new Map([...page.querySelectorAll("[data-stale] .row")].map((each) => [each.dataset.id, each]));
  for (const id of asked) replaceRow(row(id), now.get(id));
  const fresh = [...page.querySelectorAll("[data-fresh] .row")];
  if (newest) addRows(fresh.filter((each) => !row(each.dataset.id)));
  else await reload();
  if (newest && fresh.length >= MOST_FRESH) lookAgain = true;
  if (open && opened() === open) await followOpen(now.get(open));
}

function replaceRow(old, next) {
  if (!old) return;
  if (!next) return old.setAttribute("data-gone", "");
  // One that was brought back is as it was.
  old.removeAttribute("data-gone");
  if (old.dataset.updated === next.dataset.updated) return;
  const focus = old.contains(document.activeElement);
  // Viewers have no boxes.
  const box = next.querySelector("[name=id]");
  if (box) box.checked = old.querySelector("[name=id]").checked;
  next.toggleAttribute("data-on", old.hasAttribute("data-on"));
  old.replaceWith(next);
  if (focus) linkOf(next).focus({ preventScroll: true });
}

// The open report, whose row `its` is; without one it was deleted.
async function followOpen(its) {
  if (its) {
    if (its.dataset.updated !== pane.querySelector("[data-report]").dataset.updated) await refreshPane();
  } else if (document.getElementById("comment-text")?.value.trim()) {
    say("The open report was deleted. What you wrote is still here.");
  } else {
    closePane();
    say("The report that was open is gone.");
  }
}

listen();
addEventListener("pagehide", () => source?.close());
document.addEventListener("visibilitychange", listen);
addEventListener("pageshow", (event) => {
  if (event.persisted) listen();
});
