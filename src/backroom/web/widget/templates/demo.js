// Builds the widget anew whenever an option changes, shows the same in code, and writes down what the widget tells.
const form = document.querySelector(".options");
const told = document.getElementById("told");
const EVENTS = ["ready", "open", "close", "queued", "sent", "failed"];

// The middle of a phone's edge is where the text is.
if (matchMedia("(max-width: 480px)").matches) document.querySelector("[name=anchor]").value = "bottom-right";

const readValue = (field) => {
  if (field.dataset.kind !== "json") return field.value;
  try {
    field.setCustomValidity("");
    return JSON.parse(field.value);
  } catch {
    field.setCustomValidity("This is not JSON.");
    field.reportValidity();
    return undefined;
  }
};

const chosen = () => {
  const options = {};
  for (const field of form.elements) if (field.name && field.value) options[field.name] = readValue(field);
  return options;
};

const tell = (line) => {
  told.textContent = `${told.textContent}${line}\n`.split("\n").slice(-9).join("\n");
};

const apply = () => {
  const options = chosen();
  document.getElementById("code").textContent = `Patchrooms.init(${JSON.stringify(options, null, 2)});`;
  return options;
};

const METHODS = {
  init: () => window.Patchrooms.init(apply()),
  openForm: () => window.Patchrooms.openForm(),
  closeForm: () => window.Patchrooms.closeForm(),
  setChannel: () => window.Patchrooms.setChannel("feature"),
  setUser: () => window.Patchrooms.setUser({ userId: "customer-8" }),
  getReports: () => tell(`getReports: ${window.Patchrooms.getReports().length}`),
  exportMarkdown: () => tell(window.Patchrooms.exportMarkdown() || "exportMarkdown: nothing"),
  clear: () => window.Patchrooms.clear(),
  destroy: () => window.Patchrooms.destroy(),
  error: () => console.error("TypeError: total is undefined, for ada@example.com with token=abc123"),
};

for (const name of EVENTS)
  document.addEventListener(`patchrooms:${name}`, ({ detail }) =>
    tell(detail ? `${name} ${JSON.stringify(detail)}` : name),
  );
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", () => METHODS.init());
form.addEventListener("click", ({ target }) => {
  const { method, example } = target.dataset;
  if (method) METHODS[method]();
  if (!example) return;
  form.elements[example].value = form.elements[example].placeholder;
  METHODS.init();
});
apply();
if (form.elements.anchor.value) {
  if (window.Patchrooms) METHODS.init();
  else document.addEventListener("patchrooms:ready", () => METHODS.init(), { once: true });
}
