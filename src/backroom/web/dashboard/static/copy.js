// Buttons that copy a text of the page.

import { say } from "./say.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(sourceOf(button));
});

function sourceOf(button) {
  if (button.dataset.copy) return document.getElementById(button.dataset.copy);
  return button.closest(".secret, .stack, [data-copy-box]").querySelector("[data-copy-text]");
}

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    say("Copied.");
  } catch {
    select(source);
    say("Press Ctrl+C or ⌘C to copy what is selected.");
  }
}

function select(source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}
