// What a report's own buttons do, wherever it is shown: copying it, its pictures in full size, their annotations.
(() => {
  const { say } = window.backroom;

  document.addEventListener("click", async (event) => {
    const target = event.target.closest?.("[data-fetch-copy], [data-copy-link], [data-zoom]");
    if (!target) return;
    if (target.matches("[data-fetch-copy]")) {
      // The clipboard takes a promise, so that the click still counts when the text has come.
      const text = fetch(target.dataset.fetchCopy).then((answer) => answer.text());
      await copyText(text, "Copied as Markdown for an agent.");
    } else if (target.matches("[data-copy-link]")) {
      await copyText(Promise.resolve(new URL(target.dataset.copyLink, location.href).href), "Link copied.");
    } else {
      event.preventDefault();
      zoom(target);
    }
  });

  async function copyText(text, done) {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": text.then((t) => new Blob([t], { type: "text/plain" })) })]);
      say(done);
    } catch {
      say("The browser didn't allow copying. Use “Markdown for agents” in the menu.");
    }
  }

  function zoom(link) {
    const dialog = document.createElement("dialog");
    dialog.className = "large zoom";
    dialog.setAttribute("aria-label", "Screenshot");
    const bar = document.createElement("div");
    bar.className = "row-of";
    const size = button("Actual size", () => {
      const fit = box.toggleAttribute("data-fit");
      size.textContent = fit ? "Actual size" : "Fit";
    });
    const shut = button("Close", () => dialog.close());
    shut.classList.add("push");
    bar.append(size, shut);
    const box = document.createElement("div");
    box.className = "zoom-box";
    box.tabIndex = 0;
    box.setAttribute("data-fit", "");
    box.append(link.querySelector(".shot-box").cloneNode(true));
    dialog.append(bar, box);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    box.focus();
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
})();
