// Waits for a project's first report.

import { ask } from "../ask.js";

const waiting = document.getElementById("waiting");

function listen() {
  const events = new EventSource(waiting.dataset.live);
  // The first event comes with each connection, so that a report which came unheard is found too.
  events.addEventListener("changed", async () => {
    const answer = await ask(waiting.dataset.part, { quiet: true });
    const html = await answer?.text();
    if (!html?.includes("data-arrived")) return;
    waiting.innerHTML = html;
    events.close();
  });
}

if (waiting && !waiting.querySelector("[data-arrived]")) listen();
