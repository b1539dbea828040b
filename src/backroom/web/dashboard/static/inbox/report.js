// A report's own buttons: copying it, its pictures in full size, their annotations.

import { say } from "../say.js";

document.addEventListener("click", async (event) => {
  const target = event.target.closest?.("[data-fetch-copy], [data-copy-link], [data-zoom]");
  if (!target) return;
  if (target.matches("[data-fetch-copy]")) {
    const text = fetch(target.dataset.fetchCopy).then((answer) => answer.text());
    await copy(text, "Copied as Markdown for an agent.");
  } else if (target.matches("[data-copy-link]")) {
    await copy(Promise.resolve(new URL(target.dataset.copyLink, location.href).href), "Link copied.");
  } else {
    event.preventDefault();
    zoom(target);
  }
});

// The clipboard takes a promise, so that the click still counts when the text has come.
async function copy(text, done) {
  const blob = text.then((plain) => new Blob([plain], { type: "text/plain" }));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    say(done);
  } catch {
    say("The browser didn't allow copying. Use “Markdown for agents” in the menu.");
  }
}

function zoom(link) {
  const dialog = Object.assign(document.createElement("dialog"), { className: "large zoom" });
  dialog.setAttribute("aria-label", "Screenshot");
  const box = Object.assign(document.createElement("div"), { className: "zoom-box", tabIndex: 0 });
  box.setAttribute("data-fit", "");
  box.append(link.querySelector(".shot-box").cloneNode(true));
  dialog.append(barOf(dialog, box), box);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  box.focus();
}

function barOf(dialog, box) {
  const bar = Object.assign(document.createElement("div"), { className: "row-of" });
  const size = button("Actual size", () => {
    const fit = box.toggleAttribute("data-fit");
    size.textContent = fit ? "Actual size" : "Fit";
  });
  const shut = button("Close", () => dialog.close());
  shut.classList.add("push");
  bar.append(size, shut);
  return bar;
}

function button(text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: text });
  made.addEventListener("click", act);
  return made;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-marks]")) return;
  event.target.closest("figure").querySelector(".marks").toggleAttribute("hidden", !event.target.checked);
});
