/**
 * The page's loaded web fonts as CSS with the fonts inside, for the picture. (The library's own way makes a
 * style element, which a strict Content-Security-Policy empties.)
 */

import { dataUrl } from "./context";

const MOST_BYTES = 3_000_000;

export async function fontCss(): Promise<string> {
  const loaded = new Set(
    [...document.fonts].filter((face) => face.status === "loaded").map((face) => bare(face.family)),
  );
  if (loaded.size === 0) return "";
  const rules: CSSFontFaceRule[] = [];
  for (const sheet of [...document.styleSheets, ...document.adoptedStyleSheets]) collect(sheet, rules);
  let room = MOST_BYTES;
  const texts = await Promise.all(
    rules
      .filter((rule) => loaded.has(bare(rule.style.getPropertyValue("font-family"))))
      .map(async (rule) => {
        const source = /url\(["']?([^"')]+)["']?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
        if (!source || source.startsWith("data:")) return rule.cssText;
        const data = await dataUrl(new URL(source, rule.parentStyleSheet?.href ?? document.baseURI).href);
        room -= data.length;
        return data && room > 0 ? rule.cssText.replace(/src:[^;}]+/, `src: url(${data})`) : "";
      }),
  );
  return texts.join("\n");
}

function collect(group: { cssRules: CSSRuleList }, into: CSSFontFaceRule[]): void {
  try {
    for (const rule of group.cssRules) {
      if (rule instanceof CSSFontFaceRule) into.push(rule);
      else if (rule instanceof CSSImportRule && rule.styleSheet) collect(rule.styleSheet, into);
      else if (rule instanceof CSSGroupingRule) collect(rule, into);
    }
  } catch {
    // A style sheet of another origin tells nothing; its fonts are replaced by the next in the list.
  }
}

const bare = (family: string): string => family.replace(/["']/g, "").trim().toLowerCase();
