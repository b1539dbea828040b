// One sentence at the foot of the page, for four seconds.

export function say(text) {
  const place = document.getElementById("said") ?? document.body;
  const box = document.createElement("div");
  box.className = "said";
  box.append(Object.assign(document.createElement("span"), { textContent: text }));
  // A sentence with Undo stays.
  for (const old of place.querySelectorAll(".said:not(:has([data-undo]))")) old.remove();
  place.append(box);
  setTimeout(() => box.remove(), 4000);
}
