// Reports open beside the list, each at an address of its own.

import { ask } from "../ask.js";
import { linkOf, list, mark, onPhone, opened, pane, panes, parse, place, row } from "./page.js";

const PARTS = [".pane-head", ".by", ".timeline ol"];
const listTitle = document.title;
let openings = 0;
let stale = false;

export async function open(href, { push = true, focus = true } = {}) {
  const mine = ++openings;
  const answer = await ask(href);
  const html = await answer?.text();
  // Meanwhile another report was opened, or all were closed: what comes late doesn't take their place.
  if (!html || mine !== openings) return;
  show(html);
  panes.setAttribute("data-open", "");
  if (push) history.pushState({ pane: href }, "", href);
  const title = pane.querySelector("h1");
  if (title) document.title = `${title.textContent} · Backroom`;
  pane.scrollTop = 0;
  if (focus && onPhone()) title?.focus();
}

export function show(html) {
  pane.innerHTML = html;
  mark(opened());
}

function close() {
  openings++;
  const id = opened();
  panes.removeAttribute("data-open");
  pane.replaceChildren();
  document.title = listTitle;
  mark(null);
  const left = id && row(id);
  if (left) linkOf(left).focus();
}

export function closePane() {
  close();
  history.pushState({}, "", place());
}

// The open report's facts and story anew; what the person writes, chooses or listens to stays as it is.
export async function refreshPane() {
  const id = opened();
  if (!id) return;
  const answer = await ask(pane.querySelector("[data-report]").dataset.href, { quiet: true });
  const html = await answer?.text();
  if (!html || opened() !== id) return;
  const fresh = parse(html);
  for (const part of PARTS) refreshPart(pane.querySelector(part), fresh.querySelector(part));
  pane.querySelector("[data-report]").dataset.updated = fresh.querySelector("[data-report]").dataset.updated;
}

function refreshPart(old, next) {
  if (!old) return;
  if (isUsed(old)) stale = true;
  else if (next && old.outerHTML !== next.outerHTML) old.replaceWith(next);
}

function isUsed(part) {
  if (part.querySelector("details[open]")) return true;
  const typing = document.activeElement?.matches("input") && part.contains(document.activeElement);
  return part.matches(".pane-head") && typing;
}

list.addEventListener("click", (event) => {
  const link = event.target.closest("a.row-link");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link.href);
});

pane.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-newer], a[data-older], a[data-close-pane]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (link.matches("[data-close-pane]")) closePane();
  else open(link.href);
});

// A part that was in use when the report changed comes when its menu closes.
pane.addEventListener(
  "toggle",
  (event) => {
    if (!stale || event.target.open) return;
    stale = false;
    refreshPane();
  },
  true,
);

addEventListener("popstate", (event) => {
  if (event.state?.pane) open(event.state.pane, { push: false });
  else if (location.pathname.startsWith("/r/")) open(location.href, { push: false });
  else if (location.pathname === list.dataset.path) close();
  else location.reload();
});
