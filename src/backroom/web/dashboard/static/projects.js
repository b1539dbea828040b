// Pages of projects: a short name as one types, the first report when it arrives, hints that run out, the widget's picture.
(() => {
  // ---- the short name or key that a name makes, as the server does

  const source = document.querySelector("[data-slug-from]");
  if (source) {
    const target = document.getElementById(source.dataset.slugFrom);
    const preview = document.getElementById("slug-preview");
    const slugOf = (name) => name.normalize("NFKD").replace(/[^\0-\x7f]/g, "").toLowerCase()
      .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
    const show = () => {
      const slug = slugOf(source.value);
      target.placeholder = slug;
      if (!preview) return;
      const shown = target.value.trim() || slug;
      preview.hidden = !shown;
      preview.querySelector("code").textContent = `/p/${shown}`;
    };
    source.addEventListener("input", show);
    target.addEventListener("input", show);
    show();
  }

  // ---- waiting for the first report

  const waiting = document.getElementById("waiting");
  if (waiting && !waiting.querySelector("[data-arrived]")) {
    const events = new EventSource(waiting.dataset.live);
    const look = async () => {
      const answer = await fetch(waiting.dataset.part, { headers: { "hx-request": "true" } });
      if (!answer.ok) return;
      const html = await answer.text();
      if (!html.includes("data-arrived")) return;
      waiting.innerHTML = html;
      events.close();
    };
    // The first one comes with each connection, for a report may have come unheard.
    events.addEventListener("changed", look);
  }

  // ---- hints run out

  const hints = [...document.querySelectorAll("[data-left]")].map((node) => ({
    node,
    ends: performance.now() + Number(node.dataset.left),
  }));
  if (hints.length) {
    const tick = () => {
      for (const { node, ends } of hints) {
        const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
        node.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
        if (!left) node.closest(".item").hidden = true;
      }
    };
    setInterval(tick, 1000);
  }

  // ---- the widget's picture follows the form

  const form = document.querySelector("[data-preview]");
  if (form) {
    let timer = null;
    let turn = 0;
    const draw = async () => {
      const mine = ++turn;
      const query = new URLSearchParams(new FormData(form));
      query.set("part", "preview");
      const answer = await fetch(`${form.dataset.preview}?${query}`, { headers: { "hx-request": "true" } });
      if (answer.ok && mine === turn) document.getElementById("preview").innerHTML = await answer.text();
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(draw, 120);
    });
    form.elements.color?.addEventListener("input", () => { form.elements.own_color.checked = true; });
  }
})();
