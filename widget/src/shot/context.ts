/** What modern-screenshot keeps while it clones a page; made here, so that only what is used is in the bundle. */

import { bare } from "../stage/own";

export interface Wishes {
  width: number;
  height: number;
  style: Record<string, string>;
  sandbox: HTMLIFrameElement;
  filter(node: Node): boolean;
  onCloneEachNode(cloned: Node): void;
}

export interface Context {
  /** Definitions that `<use>` elements refer to. */
  svgDefsElement: SVGElement;
  /** Styles of pseudo elements, each with the selectors that have it. */
  svgStyles: Map<string, string[]>;
  /** Pictures that are still being fetched. */
  tasks: Promise<void>[];
}

declare module "modern-screenshot" {
  function cloneNode(node: Node, context: Context, isRoot: boolean): Promise<Node>;
  function embedNode(cloned: Node, context: Context): void;
}

const TIMEOUT = 4_000;

export function contextOf(wishes: Wishes): Context {
  const fetched = new Map<string, Promise<string>>();
  const made = {
    ...wishes,
    ownerDocument: document,
    ownerWindow: window,
    svgDefsElement: document.createElementNS("http://www.w3.org/2000/svg", "defs"),
    svgStyles: new Map(),
    defaultComputedStyles: new Map(),
    tasks: [],
    shadowRoots: [],
    fetchOnce(url: string): Promise<string> {
      const known = fetched.get(url) ?? dataUrl(url);
      fetched.set(url, known);
      return known;
    },
    define: async (url: string, id: string) => {
      const found = await elementIn(url, id);
      if (found) made.svgDefsElement.append(found);
    },
  };
  return made;
}

/** The file as a data URL; nothing where it can't be had, such as a picture of a site without CORS. */
export async function dataUrl(url: string): Promise<string> {
  try {
    const answer = await fetch(url, bare<RequestInit>({ cache: "force-cache", signal: AbortSignal.timeout(TIMEOUT) }));
    const blob = answer.ok && (await answer.blob());
    return await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result));
      reader.onerror = () => resolve("");
      if (blob) reader.readAsDataURL(blob);
      else resolve("");
    });
  } catch {
    return "";
  }
}

/** An element of an SVG file, parsed by the browser's own request, which Trusted Types allow. */
function elementIn(url: string, id: string): Promise<Element | null> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.timeout = TIMEOUT;
    request.onloadend = () => resolve(request.responseXML?.getElementById(id) ?? null);
    request.send();
  });
}
