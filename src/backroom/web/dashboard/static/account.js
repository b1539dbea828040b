// Shows what was typed into a password's field, and hides it before it is sent: password managers look at the type.

function reveal(button, shown) {
  document.getElementById(button.dataset.reveal).type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  button.firstChild.textContent = shown ? "Hide" : "Show";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-reveal]");
  if (button) reveal(button, button.getAttribute("aria-pressed") !== "true");
});

document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("[data-reveal]")) reveal(button, false);
});
