// Shows the slug or key that a name makes while one types it, as the server makes it.

const source = document.querySelector("[data-slug-from]");
const target = source && document.getElementById(source.dataset.slugFrom);
const preview = document.getElementById("slug-preview");

function slugOf(name) {
  const plain = [...name.normalize("NFKD")].filter((letter) => letter <= "\x7f").join("");
  const joined = plain.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return joined
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
}

function show() {
  target.placeholder = slugOf(source.value);
  if (!preview) return;
  const shown = target.value.trim() || target.placeholder;
  preview.hidden = !shown;
  preview.querySelector("code").textContent = `/p/${shown}`;
}

if (source) {
  source.addEventListener("input", show);
  target.addEventListener("input", show);
  show();
}
