// The widget's picture follows its form.

import { ask } from "../ask.js";

const form = document.querySelector("[data-preview]");
let timer = null;
let turn = 0;

async function draw() {
  const mine = ++turn;
  const query = new URLSearchParams(new FormData(form));
  query.set("part", "preview");
  const answer = await ask(`${form.dataset.preview}?${query}`, { quiet: true });
  // A later picture may have overtaken this one.
  if (answer && mine === turn) document.getElementById("preview").innerHTML = await answer.text();
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(draw, 120);
});
form?.elements.color?.addEventListener("input", () => {
  form.elements.own_color.checked = true;
});
