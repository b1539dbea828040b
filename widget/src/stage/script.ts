/** What the script element says: where we come from, and its data attributes as options. */

export interface Origin {
  home: string;
  data: Record<string, string>;
}

/** `home` is the script's address without its known path, so that an instance under a path prefix works too. */
export function readScript(script: unknown, path: RegExp): Origin {
  const element = script instanceof HTMLScriptElement ? script : null;
  const data: Record<string, string> = Object.create(null) as Record<string, string>;
  if (element) for (const key of Object.keys(element.dataset)) data[key] = element.dataset[key] ?? "";
  return { home: homeOf(element?.src ?? "", path), data };
}

export function homeOf(src: string, path: RegExp): string {
  const clean = src.split(/[?#]/)[0] ?? "";
  return path.test(clean) ? clean.replace(path, "") : clean.replace(/\/[^/]*$/, "");
}
