/** What the script element says: where we come from, and its data attributes as options. */

export interface Origin {
  home: string;
  data: Record<string, string>;
}

/** `home` is the script's address without its known path, so that an instance under a path prefix works too. */
export function readScript(script: unknown, path: RegExp): Origin {
  // A page that loads it as a module, or by hand, has no current script; then it is found by its address.
  const element = (script ?? [...document.scripts].find(({ src }) => path.test(src.split(/[?#]/)[0] ?? ""))) as
    | HTMLScriptElement
    | undefined;
  const data: Record<string, string> = Object.create(null) as Record<string, string>;
  if (element) for (const key of Object.keys(element.dataset)) data[key] = element.dataset[key] ?? "";
  return { home: homeOf(element?.src ?? "", path), data };
}

export function homeOf(src: string, path: RegExp): string {
  const clean = src.split(/[?#]/)[0] ?? "";
  return path.test(clean) ? clean.replace(path, "") : clean.replace(/\/[^/]*$/, "");
}
