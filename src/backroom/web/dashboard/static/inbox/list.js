// The list read anew, with the place, the focus and the selection that it has.

import { ask } from "../ask.js";
import { watchOlder } from "./older.js";
import { linkOf, list, mark, opened, parse, partOf, row, rows } from "./page.js";
import { count } from "./selection.js";

// A part of the inbox as elements; null where it could not be had.
export async function part(extra, options) {
  const answer = await ask(partOf(extra), options);
  const html = await answer?.text().catch(() => null);
  return html ? parse(html) : null;
}

// Returns whether it could; `focus` is the row that has the focus then.
export async function reload({ focus = null, quiet = false } = {}) {
  const top = list.scrollTop;
  const page = await part(`part=list&limit=${Math.max(50, rows().length)}`, { quiet });
  if (!page) return false;
  setRows(page.querySelector("#rows"));
  setTabs(page.querySelector("#tabs"));
  list.scrollTop = top;
  mark(opened());
  const next = focus && row(focus);
  if (next) linkOf(next).focus({ preventScroll: true });
  count();
  return true;
}

// What stands there instead of rows stays as it is, with the focus that it may have.
function setRows(fresh) {
  if (!rows().length && !fresh.querySelector(".row")) return;
  list.querySelector("#rows").replaceChildren(...fresh.childNodes);
  watchOlder();
}

// The tabs' numbers; the focus stays on the tab that has it.
export function setTabs(fresh) {
  const tabs = list.querySelector("#tabs");
  const words = (node) => node.textContent.replace(/\s+/g, " ").trim();
  if (words(tabs) === words(fresh)) return;
  const at = [...tabs.children].indexOf(document.activeElement);
  tabs.replaceChildren(...fresh.childNodes);
  tabs.children[at]?.focus({ preventScroll: true });
}
