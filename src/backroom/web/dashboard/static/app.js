// What every page may use: copying, closing what floats, jumping by keys, ages that go on.
(() => {
  const editable = (node) => node.closest?.("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-copy], [data-unsay], [data-close], [data-dialog]");
    if (!target) return;
    if (target.matches("[data-copy]")) copy(target);
    if (target.matches("[data-unsay]")) target.closest(".said").remove();
    if (target.matches("[data-close]")) target.closest("dialog").close();
    if (target.matches("[data-dialog]")) document.getElementById(target.dataset.dialog).showModal();
  });

  // A menu closes when one clicks elsewhere, or presses Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopImmediatePropagation();
    }
  });

  // In an open menu the arrow keys move, but for fields that need them.
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    if (event.target.matches("select, textarea, [type=date]")) return;
    const items = [...menu.querySelectorAll(".menu-box :is(button, a, input:not([type=hidden]), select)")];
    const at = items.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? (at + 1) % items.length : at < 0 ? -1 : at - 1;
    event.preventDefault();
    items.at(next)?.focus();
  });

  async function copy(button) {
    const box = button.closest(".secret, .stack, [data-copy-box]");
    const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : box.querySelector("[data-copy-text]");
    const text = source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text);
      say("Copied.");
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say("Press Ctrl+C or ⌘C to copy what is selected.");
    }
  }

  function say(text) {
    const place = document.getElementById("said") ?? document.body;
    const box = document.createElement("div");
    box.className = "said";
    box.append(Object.assign(document.createElement("span"), { textContent: text }));
    // What can still be taken back stays.
    for (const old of place.querySelectorAll(".said:not(:has([data-undo]))")) old.remove();
    place.append(box);
    setTimeout(() => box.remove(), 4000);
  }

  // Keys: `g` then a letter jumps; pages add their own through backroom.keys.
  const jumps = { i: "/inbox", p: "/projects", u: "/usage", w: "/workspace", a: "/account" };
  const keys = new Map();
  let waiting = null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (editable(event.target) || document.querySelector("dialog[open]")) return;
    if (waiting) {
      clearTimeout(waiting);
      waiting = null;
      const link = document.querySelector(`[data-jump="${CSS.escape(event.key)}"]`);
      const path = link?.href ?? jumps[event.key];
      if (path) {
        event.preventDefault();
        location.assign(path);
      }
      return;
    }
    if (event.key === "g") {
      waiting = setTimeout(() => { waiting = null; }, 1500);
      return;
    }
    const act = keys.get(event.key);
    if (act) {
      event.preventDefault();
      act(event);
    } else if (event.key === "z") {
      document.querySelector("[data-undo]")?.click();
    }
  });

  // Ages go on while the page is open.
  const UNITS = [[7 * 86400e3, 86400e3, "d"], [86400e3, 3600e3, "h"], [3600e3, 60e3, "min"]];
  function age(ms) {
    const passed = Date.now() - ms;
    if (passed < 60e3) return "now";
    const unit = UNITS.findLast(([most]) => passed < most);
    return unit ? `${Math.floor(passed / unit[1])} ${unit[2]}` : null;
  }
  setInterval(() => {
    for (const each of document.querySelectorAll("time[data-age]")) {
      const text = age(Date.parse(each.dateTime));
      if (text && each.textContent !== text) each.textContent = text;
    }
  }, 30000);

  window.backroom = { keys, say };
})();
