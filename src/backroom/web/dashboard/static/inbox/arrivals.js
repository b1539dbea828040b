// Rows that are new slide in without moving what the person reads, and are said in words.

import { focused, list, opened, scroller } from "./page.js";

const bar = document.getElementById("live-bar");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let waiting = 0;

export function addRows(fresh) {
  if (!fresh.length) return;
  const place = list.querySelector("#rows [role=list]");
  const before = place.offsetHeight;
  for (const each of fresh) each.classList.add("row-new");
  place.prepend(...fresh);
  // At the very top, with nothing open or in focus, they may push the others down.
  if (scroller().scrollTop === 0 && !opened() && !focused()) return tell(fresh.length);
  scroller().scrollTop += place.offsetHeight - before;
  announce(fresh.length);
}

const newReports = (n) => (n === 1 ? "1 new report" : `${n} new reports`);

// For those who don't see the rows come.
function tell(n) {
  settle();
  bar.append(
    Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: newReports(n) }),
  );
}

// A button that leads up to them.
function announce(n) {
  waiting += n;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: newReports(waiting) });
  button.addEventListener("click", () => {
    scroller().scrollTo({ top: 0, behavior: still.matches ? "auto" : "smooth" });
    settle();
  });
  bar.replaceChildren(button);
}

function settle() {
  waiting = 0;
  bar.replaceChildren();
}

list.addEventListener("scroll", () => list.scrollTop === 0 && settle(), { passive: true });
