import { warn } from "../stage/own";
import type { App } from "../types";
import { directiveFor } from "./policy";
import { post } from "./post";
import { Queue } from "./queue";
import type { Parcel } from "./store";

/** The page's one queue. Widgets come and go; whoever is mounted last hears of its changes. */
let queue: Queue | null = null;
let app: App | null = null;
const heard = new Set<(parcel: Parcel) => void>();

export function queueFor(current: App): Queue {
  app = current;
  if (queue) return queue;
  const made = new Queue({
    post: async (parcel) => {
      const watch = directiveFor(parcel.address);
      try {
        return await post(parcel);
      } finally {
        watch();
      }
    },
    now: () => Date.now(),
    random: () => Math.random(),
    later: (act, ms) => void setTimeout(act, Math.min(ms, 3_600_000)),
    changed: (parcel) => {
      if (parcel.state === "sent") app?.emit("sent", { clientId: parcel.id, ...parcel.answer });
      if (parcel.state === "failed") app?.emit("failed", { clientId: parcel.id, reason: parcel.failure });
      if (parcel.failure === "blocked")
        warn(`${location.origin} may not send. Is it in the project's allowed origins?`);
      if (parcel.state === "waiting" && parcel.tries === 0) app?.emit("queued", { clientId: parcel.id });
      for (const listener of heard) listener(parcel);
    },
    flag: (waiting) => app?.pendingFlag(waiting),
  });
  queue = made;
  addEventListener("online", () => void made.hurry().catch(warn));
  // A report sent by another tab, or a timer that slept with the laptop.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void made.run().catch(warn);
  });
  return made;
}

export function onParcel(listener: (parcel: Parcel) => void): () => void {
  heard.add(listener);
  return () => void heard.delete(listener);
}

/** What the loader asks for when reports of an earlier visit wait. */
export async function sendWaiting(current: App): Promise<void> {
  await queueFor(current).hurry();
}
