// The inbox's keys, as `?` lists them.

import { keys } from "../keys.js";
import { actOnTargets, choose } from "./acting.js";
import { move } from "./moving.js";
import { focused, opened, row } from "./page.js";
import { closePane } from "./pane.js";
import { picked, pickNone, toggle } from "./selection.js";

const STATUSES = { e: "resolved", t: "triaged", i: "in-progress", c: "closed", o: "open" };
const MENUS = { a: "assignee", l: "label", m: "channel" };

keys.set("j", () => move(1));
keys.set("k", () => move(-1));
keys.set("x", () => toggle(row(focused() ?? opened())));
keys.set("n", () => document.getElementById("comment-text")?.focus());
keys.set("/", () => document.getElementById("q").focus());
keys.set("?", () => document.getElementById("keys").showModal());
for (const [key, status] of Object.entries(STATUSES)) keys.set(key, () => actOnTargets(`status:${status}`));
for (const [key, kind] of Object.entries(MENUS)) keys.set(key, () => choose(kind));

// Escape leaves what is innermost: a field, the selection, the report.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (document.activeElement?.matches("input, textarea")) document.activeElement.blur();
  else if (picked.size) pickNone();
  else if (opened()) closePane();
});
