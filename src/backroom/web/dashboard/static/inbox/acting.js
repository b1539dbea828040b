// Changes of reports: of those selected, else of the one that is open or in focus.

import { say } from "../say.js";
import { reload } from "./list.js";
import { current } from "./moving.js";
import { focused, linkOf, list, onPhone, opened, pane, place, row, rows } from "./page.js";
import { closePane, open, refreshPane } from "./pane.js";
import { allMatch, picked, pickNone } from "./selection.js";
import { send, sending } from "./sending.js";

// The place of each menu in the bar of a selection.
const IN_BAR = { assignee: 1, label: 2, channel: 3 };
let lastActed = null;

const targets = () => (picked.size ? [...picked] : [current()].filter(Boolean));

export function actOnTargets(change) {
  return act(change, targets(), allMatch());
}

async function act(change, ids, all) {
  if (!ids.length) return say("Select a report first.");
  // No label was typed.
  if (change === "label:" || sending) return;
  const { path, query, workspace } = list.dataset;
  const body = new URLSearchParams({ change, all: all ? "yes" : "", back: place(), path, query, workspace });
  if (!all) for (const id of ids) body.append("id", id);
  await post("/apply", body, ids, change === "delete");
}

async function post(path, body, ids, gone = false) {
  const answer = await send(path, body);
  if (!answer) return;
  document.getElementById("said").innerHTML = await answer.text();
  if (!answer.ok) return;
  pickNone();
  const next = ids.length ? behind(ids) : lastActed;
  lastActed = ids[0] ?? null;
  const was = opened();
  if (gone && ids.includes(was)) closePane();
  await Promise.all([reload({ focus: next }), refreshPane()]);
  // What left the list makes room for the next one in the pane too.
  const left = was && opened() === was && ids.includes(was) && !row(was) && next && row(next);
  if (left && !onPhone()) await open(linkOf(row(next)).href, { focus: false });
}

// The focus stays where the eye is: at the row behind the ones that go away.
function behind(ids) {
  const all = rows();
  const at = all.findIndex((each) => ids.includes(each.dataset.id));
  const next = all.slice(at + 1).find((each) => !ids.includes(each.dataset.id));
  return (next ?? all[at - 1])?.dataset.id;
}

// Opens the menu of the bar where reports are selected, else that of the report itself.
export async function choose(kind) {
  if (!picked.size && !opened()) {
    const id = focused();
    if (!id) return say("Select a report first.");
    await open(linkOf(row(id)).href);
  }
  const menu = picked.size
    ? list.querySelectorAll("#bulk-bar details")[IN_BAR[kind]]
    : pane.querySelector(`[data-key-menu=${kind}]`)?.parentElement;
  if (!menu) return;
  menu.open = true;
  menu.querySelector(".menu-box button, .menu-box input")?.focus();
}

// What the button says, with the label that was typed where it asks for one.
function changeOf(form, button) {
  const own = new FormData(form, button);
  const change = String(own.get("change") ?? "");
  return change === "label:" ? change + (own.get("label") ?? "") : change;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id === "bulk") {
    event.preventDefault();
    actOnTargets(changeOf(form, event.submitter));
  } else if (form.matches("[data-act]")) {
    event.preventDefault();
    for (const menu of pane.querySelectorAll("details[open]")) menu.open = false;
    act(changeOf(form, event.submitter), [form.elements.id.value], false);
  } else if (form.closest("#said")) {
    event.preventDefault();
    post(form.getAttribute("action"), new URLSearchParams(new FormData(form)), []);
  }
});
