// The reports that are ticked, or all that match the filter.

import { list, rows } from "./page.js";

// Read anew after each change: live binding.
export let picked = new Set();

const all = list.querySelector("[name=all]");
const boxOf = (each) => each.querySelector("[name=id]");

export const allMatch = () => Boolean(all.value);

export function count() {
  const ticked = rows().filter((each) => boxOf(each)?.checked);
  picked = new Set(ticked.map((each) => each.dataset.id));
  list.toggleAttribute("data-picking", picked.size > 0);
  if (!picked.size) all.value = "";
  // Viewers have no bar.
  const words = document.getElementById("bulk-count");
  if (words) words.textContent = allMatch() ? "All that match are selected" : `${picked.size} selected`;
}

export function pickNone() {
  for (const each of list.querySelectorAll("[name=id]:checked")) each.checked = false;
  count();
}

function pickAll() {
  for (const each of list.querySelectorAll("[name=id]")) each.checked = true;
  all.value = "yes";
  count();
}

export function toggle(one) {
  // Viewers have no boxes.
  const box = one && boxOf(one);
  if (!box) return;
  box.checked = !box.checked;
  count();
}

list.addEventListener("change", (event) => {
  if (event.target.name !== "id") return;
  // One that is unticked is left out, so that it isn't all of them any more.
  if (!event.target.checked) all.value = "";
  count();
});

list.addEventListener("click", (event) => {
  if (event.target.closest("[data-none]")) pickNone();
  if (event.target.closest("[data-all]")) pickAll();
});
