// Writing a note or a reply.

import { opened } from "./page.js";
import { show } from "./pane.js";
import { send, sending } from "./sending.js";

const boxOf = () => document.getElementById("comment-text");

async function sendComment(form) {
  const text = form.querySelector("textarea");
  if (!text.value.trim()) return text.focus();
  if (sending) return;
  const id = opened();
  const sent = text.value;
  const answer = await send(form.action, new URLSearchParams(new FormData(form)));
  const html = await answer?.text();
  if (html && opened() === id) showAnswer(html, sent, answer.ok);
}

// What was written while it went out stays in the box, also where the report was opened anew meanwhile.
function showAnswer(html, sent, kept) {
  const before = boxOf();
  const rest = before.value.startsWith(sent) ? before.value.slice(sent.length).trimStart() : before.value;
  const writing = document.activeElement === before;
  show(html);
  if (!rest) return;
  boxOf().value = kept ? rest : before.value;
  if (writing) boxOf().focus();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-comment]")) return;
  event.preventDefault();
  sendComment(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest?.("form")?.requestSubmit();
});
