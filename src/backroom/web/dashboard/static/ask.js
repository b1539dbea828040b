// Asks the server for a part of a page.

import { say } from "./say.js";

// The answer, or null where there is none to show: the person then knows why, unless it is asked quietly.
export async function ask(path, { quiet = false, ...options } = {}) {
  const complain = quiet ? () => {} : say;
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { "Backroom-Part": "true" } });
  } catch {
    complain("The server can't be reached. Nothing was changed; try again in a moment.");
    return null;
  }
  const moved = answer.headers.get("backroom-location");
  if (moved) location.assign(moved);
  // The session went on to another workspace in another window.
  else if (answer.status === 409) location.reload();
  else if (answer.ok || options.method) return answer;
  else complain("That can't be shown right now. Reload the page.");
  return null;
}
