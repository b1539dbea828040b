// Older reports come when the link to them is pressed or scrolled into sight.

import { ask } from "../ask.js";
import { list, mark, opened } from "./page.js";

let loading = false;

const sight = new IntersectionObserver((seen) => {
  if (seen.some((each) => each.isIntersecting)) loadOlder({ quiet: true });
});

export function watchOlder() {
  sight.disconnect();
  const link = document.getElementById("older");
  if (link) sight.observe(link);
}

export async function loadOlder(options) {
  const link = document.getElementById("older");
  if (!link || loading) return;
  loading = true;
  try {
    const answer = await ask(link.dataset.part, options);
    const html = await answer?.text();
    // The list may have been read anew meanwhile.
    if (!html || !link.isConnected) return;
    link.outerHTML = html;
    mark(opened());
  } finally {
    loading = false;
  }
  watchOlder();
}

list.addEventListener("click", (event) => {
  if (!event.target.closest("#older") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  loadOlder();
});

watchOlder();
