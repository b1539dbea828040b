import { finder } from "@medv/finder";
import { isMasked } from "../shot/mask";

const MOST_QUOTE = 300;

/** A CSS selector for the element; through shadow roots, parts are joined by ` >>> `. */
export function selectorOf(element: Element): string {
  const root = element.getRootNode();
  const own = within(element, root);
  return (root instanceof ShadowRoot ? `${selectorOf(root.host)} >>> ${own}` : own).slice(0, 1_000);
}

function within(element: Element, root: Node): string {
  try {
    if (element === document.body) return "body";
    return finder(element, { root: root as unknown as Element });
  } catch {
    return byPlace(element);
  }
}

/** The plain way, for elements no short selector is found for: tags and places. */
export function byPlace(element: Element): string {
  const steps: string[] = [];
  for (let at: Element | null = element; at; at = at.parentElement) {
    const name = at.localName;
    const twins = [...(at.parentNode?.children ?? [])].filter((other) => other.localName === name);
    steps.unshift(twins.length > 1 ? `${name}:nth-of-type(${twins.indexOf(at) + 1})` : name);
  }
  return steps.join(" > ");
}

/** What the element says, without anything masked in it. */
export function quoteOf(element: Element, masks: string): string {
  if (isMasked(element, masks)) return "";
  const words: string[] = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let length = 0;
  while (length < MOST_QUOTE && walker.nextNode()) {
    const node = walker.currentNode;
    const name = node.parentElement?.localName ?? "";
    if (name === "script" || name === "style" || isMasked(node, masks)) continue;
    const text = (node.nodeValue ?? "").replace(/\s+/g, " ").trim();
    if (text) words.push(text);
    length += text.length;
  }
  const said = words.join(" ") || element.getAttribute("aria-label") || element.getAttribute("alt") || "";
  return said.length > MOST_QUOTE ? `${said.slice(0, MOST_QUOTE)}…` : said;
}
