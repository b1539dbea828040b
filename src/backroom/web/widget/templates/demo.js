// Builds the widget anew whenever an option changes, and shows the same in code.
const form = document.querySelector(".options");
const { key } = document.body.dataset;

const chosen = () => {
  const options = { projectKey: key };
  for (const { name, value } of form.elements) if (name && value) options[name] = value;
  if (options.mode) options.artifact = { id: "demo", title: "Tea & Paper", tool: "by hand", goal: "an easy checkout" };
  return options;
};

const show = (options) => {
  document.getElementById("code").textContent = `Patchrooms.init(${JSON.stringify(options, null, 2)});`;
};

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", () => {
  show(chosen());
  window.Patchrooms?.init(chosen());
});
form.addEventListener("click", ({ target }) => {
  const { act } = target.dataset;
  if (act === "openForm") window.Patchrooms?.openForm();
  if (act === "error") console.error("TypeError: total is undefined, for ada@example.com with token=abc123");
});
show(chosen());
