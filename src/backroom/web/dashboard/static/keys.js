// Keys: `g` and a letter jumps, `z` takes back; a page adds its own to `keys`.

export const keys = new Map();

const JUMPS = { i: "/inbox", p: "/projects", u: "/usage", w: "/workspace", a: "/account" };
const TYPED_INTO = "input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]";
let waiting = null;

function isTypedInto(node) {
  return Boolean(node.closest?.(TYPED_INTO));
}

function wait() {
  waiting = setTimeout(() => {
    waiting = null;
  }, 1500);
}

function jump(event) {
  clearTimeout(waiting);
  waiting = null;
  const link = document.querySelector(`[data-jump="${CSS.escape(event.key)}"]`);
  const path = link?.href ?? JUMPS[event.key];
  if (!path) return;
  event.preventDefault();
  location.assign(path);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTypedInto(event.target) || document.querySelector("dialog[open]")) return;
  const act = keys.get(event.key);
  if (waiting) jump(event);
  else if (event.key === "g") wait();
  else if (event.key === "z") document.querySelector("[data-undo]")?.click();
  else if (act) {
    event.preventDefault();
    act(event);
  }
});
