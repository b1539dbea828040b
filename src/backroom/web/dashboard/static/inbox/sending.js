// One change at a time goes out: pressed twice, a button or key counts once.

import { ask } from "../ask.js";

// Whether one is on its way: live binding.
export let sending = false;

export async function send(path, body) {
  sending = true;
  try {
    return await ask(path, { method: "POST", body });
  } finally {
    sending = false;
  }
}
