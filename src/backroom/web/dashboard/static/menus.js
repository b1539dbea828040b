// What floats: menus close by a click elsewhere or Escape, and their items are reached by arrow keys; dialogs open.

const OPEN = "details.menu[open]";
const ITEMS = ".menu-box :is(button, a, input:not([type=hidden]), select)";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(OPEN)) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-unsay], [data-close], [data-dialog]");
  if (!target) return;
  if (target.matches("[data-unsay]")) target.closest(".said").remove();
  if (target.matches("[data-close]")) target.closest("dialog").close();
  if (target.matches("[data-dialog]")) document.getElementById(target.dataset.dialog).showModal();
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(OPEN);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  // The key has done its work: nothing else closes.
  event.stopImmediatePropagation();
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(OPEN);
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  // These use the arrow keys themselves.
  if (event.target.matches("select, textarea, [type=date]")) return;
  const items = [...menu.querySelectorAll(ITEMS)];
  const at = items.indexOf(document.activeElement);
  const before = at < 0 ? -1 : at - 1;
  const next = event.key === "ArrowDown" ? (at + 1) % items.length : before;
  event.preventDefault();
  items.at(next)?.focus();
});
