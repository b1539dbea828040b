// Moving through the list by keys; an open report follows.

import { loadOlder } from "./older.js";
import { focused, linkOf, onPhone, opened, rows } from "./page.js";
import { open } from "./pane.js";

let following = null;

// The report that a key acts on: the open one, or the row in focus where the eye has moved on to it.
export const current = () => (following ? focused() : (opened() ?? focused()));

export function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((each) => each.dataset.id === (focused() ?? opened()));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  linkOf(next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  if (opened() && !onPhone() && opened() !== next.dataset.id) follow(linkOf(next).href);
  if (next === all.at(-1)) loadOlder({ quiet: true });
}

// Who holds the key down passes many reports: each would be asked for.
function follow(href) {
  clearTimeout(following);
  following = setTimeout(() => {
    following = null;
    open(href, { focus: false });
  }, 120);
}
