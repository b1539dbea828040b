import type * as Tools from "../tools";

/** The heavy parts (drawing, picking, recording), loaded with the first tool that somebody uses. */
let load: (() => Promise<typeof Tools>) | null = null;
let loaded: Promise<typeof Tools> | null = null;

export function toolsFrom(loader: () => Promise<typeof Tools>): void {
  load = loader;
}

export function tools(): Promise<typeof Tools> {
  loaded ??= (load?.() ?? Promise.reject(new Error("no loader"))).catch((error: unknown) => {
    // The next use asks the network again.
    loaded = null;
    throw error;
  });
  return loaded;
}
