// Counts down until hints run out.

const hints = [...document.querySelectorAll("[data-left]")].map((node) => ({
  node,
  ends: performance.now() + Number(node.dataset.left),
}));

function tick() {
  for (const { node, ends } of hints) {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    node.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (!left) node.closest(".item").hidden = true;
  }
}

if (hints.length) setInterval(tick, 1000);
