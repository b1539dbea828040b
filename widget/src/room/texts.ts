import type { Texts } from "../i18n/en";
import type { App } from "../types";

/** Filled in by the build: the keys of all texts, in the order in which the languages' files list them. */
declare const __TEXT_KEYS__: string;

/** The room's texts: languages are files of their own; the host page's words go over all. */
export async function textsFor(app: Pick<App, "load" | "options">): Promise<Texts> {
  const { locale, texts } = app.options;
  const file = (name: string): Promise<{ default: string[] }> => app.load(name);
  const spoken = (await file(locale).catch(() => file("en"))).default;
  const keys = __TEXT_KEYS__.split(" ");
  return overridden(Object.fromEntries(keys.map((key, at) => [key, spoken[at]])) as Texts, texts);
}

export function overridden(texts: Texts, own: Record<string, string>): Texts {
  const all = { ...texts };
  for (const key of Object.keys(all) as Array<keyof Texts>) all[key] = own[key] ?? all[key];
  return all;
}

/** Fills `{name}` in a text. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : hole,
  );
}
