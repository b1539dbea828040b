import { cloneNode, embedNode } from "modern-screenshot";
import { type Context, contextOf } from "./context";
import { blankCanvas, withTimeout } from "./encode";
import { fontCss } from "./fonts";
import { around, frameDocument, isMasked, maskedBoxes, maskSelector } from "./mask";

export interface Drawn {
  canvas: HTMLCanvasElement;
  masked: number;
}

const MASK = "#3b3732";
/** Pictures larger than this fail on phones. */
const MOST_PIXELS = 8_000_000;
/** A page that takes longer is better shared as a screen. */
const TIMEOUT = 15_000;

/**
 * Draws what the window shows. The page is cloned; masked parts never enter the clone: their content is left
 * out and their boxes are filled. The boxes are then painted over once more, for pages that draw outside them.
 */
export async function drawPage(host: HTMLElement, own: readonly string[], outline?: Element): Promise<Drawn> {
  const selector = maskSelector(own);
  const boxes = maskedBoxes(selector, host);
  const scale = Math.min(devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / (innerWidth * innerHeight)));
  const outlined = outline?.getBoundingClientRect();
  const canvas = await withTimeout(cloneAndDraw(host, selector, scale), TIMEOUT);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = MASK;
  for (const box of boxes) pen.fillRect(box.x, box.y, box.width, box.height);
  if (outlined) {
    pen.strokeStyle = "#e8590c";
    pen.lineWidth = 3;
    pen.strokeRect(outlined.x - 3, outlined.y - 3, outlined.width + 6, outlined.height + 6);
  }
  return { canvas, masked: boxes.length };
}

async function cloneAndDraw(host: HTMLElement, selector: string, scale: number): Promise<HTMLCanvasElement> {
  const root = document.documentElement;
  const trail = new Trail(root, selector, host);
  const sandbox = blankFrame();
  const fonts = await fontCss();
  const context = contextOf({
    width: innerWidth,
    height: innerHeight,
    sandbox,
    style: {
      overflow: "visible",
      width: `${root.clientWidth}px`,
      height: `${root.scrollHeight}px`,
    },
    filter: (node) => trail.enters(node),
    onCloneEachNode: (cloned) => trail.leaves(cloned),
  });
  try {
    const clone = await cloneNode(root, context, true);
    embedNode(clone, context);
    await Promise.allSettled(context.tasks);
    return await rastered(svgOf(clone, context, fonts), scale);
  } finally {
    sandbox.remove();
  }
}

/** The clone in a picture of the window's size, with the styles that no attribute can hold. */
function svgOf(clone: Node, context: Context, fonts: string): SVGElement {
  const make = (name: string, ...children: Node[]): SVGElement => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    made.append(...children);
    return made;
  };
  const pseudo = [...context.svgStyles].map(([css, selectors]) => `${selectors.join()}{${css}}`);
  const style = make("style", new Text([fonts, ...pseudo].join("\n")));
  const page = make("foreignObject", clone);
  const svg = make("svg", context.svgDefsElement, style, page);
  for (const element of [svg, page]) {
    element.setAttribute("width", `${innerWidth}`);
    element.setAttribute("height", `${innerHeight}`);
  }
  return svg;
}

/**
 * Follows the cloning, which goes depth first: every element that enters leaves again once its children have.
 * So each clone is known together with its original.
 */
class Trail {
  private readonly open: Element[];

  constructor(
    root: Element,
    private readonly selector: string,
    private readonly host: Element,
  ) {
    this.open = [root];
  }

  enters(node: Node): boolean {
    if (node === this.host) return false;
    const parent = around(node);
    // A masked element is cloned as an empty box.
    if (parent && isMasked(parent, this.selector)) return false;
    // What lies in a box outside the window keeps its place, without its content: long pages stay quick.
    if (parent instanceof Element && parent !== document.body && isFar(parent) && !isFixed(node)) return false;
    if (node.nodeType === Node.ELEMENT_NODE) {
      this.open.push(node as Element);
      const inner = frameDocument(node as Element);
      if (inner?.documentElement) this.open.push(inner.documentElement);
    }
    return true;
  }

  leaves(cloned: Node): void {
    if (cloned.nodeType !== Node.ELEMENT_NODE) return;
    const original = this.open.pop();
    if (!original) return;
    // In frames too, whose elements are of other classes than this page's.
    if (isMasked(original, this.selector)) blank(cloned as HTMLElement, original);
    if (!(cloned instanceof HTMLElement || cloned instanceof SVGElement)) return;
    const { style } = cloned;
    if (style.position === "fixed") refix(style);
    if (style.position === "sticky") unstick(style, original);
  }
}

/** On a scrolled page the clone's body is moved, and what was fixed to the window with it: this moves it back. */
function refix(style: CSSStyleDeclaration): void {
  if (!scrollX && !scrollY) return;
  const { left, top } = document.body.getBoundingClientRect();
  style.translate = `${-left - document.body.clientLeft}px ${-top - document.body.clientTop}px`;
}

/** In the clone nothing scrolls, so a sticky box must be put where it stands now. */
function unstick(style: CSSStyleDeclaration, original: Element): void {
  const moved = original as HTMLElement;
  const before = moved.getBoundingClientRect();
  style.position = "relative";
  for (const side of ["top", "right", "bottom", "left"]) style.setProperty(side, "auto");
  const parent = moved.parentElement?.getBoundingClientRect();
  if (!parent) return;
  // Where it would stand in the flow isn't told by any API; the first in its parent is the usual case.
  if (moved.parentElement?.firstElementChild === moved) style.top = `${Math.max(0, before.top - parent.top)}px`;
}

function blank(cloned: HTMLElement, original: Element): void {
  const { width, height } = original.getBoundingClientRect();
  cloned.replaceChildren();
  for (const name of cloned.getAttributeNames()) if (name !== "style") cloned.removeAttribute(name);
  if (cloned.localName === "canvas") (cloned as HTMLCanvasElement).width = 0;
  for (const [name, value] of [
    ["background", MASK],
    ["box-sizing", "border-box"],
    ["color", "transparent"],
    ["min-width", `${width}px`],
    ["min-height", `${height}px`],
    ["content", "none"],
  ] as const)
    cloned.style.setProperty(name, value, "important");
}

function isFar(element: Element): boolean {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return false;
  return box.bottom < -200 || box.top > innerHeight + 200 || box.right < -200 || box.left > innerWidth + 200;
}

function isFixed(node: Node): boolean {
  return node instanceof Element && getComputedStyle(node).position === "fixed";
}

function blankFrame(): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.setAttribute("aria-hidden", "true");
  for (const [name, value] of [
    ["position", "fixed"],
    ["width", "0"],
    ["height", "0"],
    ["visibility", "hidden"],
  ] as const)
    frame.style.setProperty(name, value, "important");
  document.body.append(frame);
  return frame;
}

function pageColour(): string {
  for (const element of [document.body, document.documentElement]) {
    const colour = getComputedStyle(element).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)" && colour !== "transparent") return colour;
  }
  return getComputedStyle(document.documentElement).colorScheme === "dark" ? "#121212" : "#ffffff";
}

// XML has no place for these, however they came into the page.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Draws the clone. Fails, as it should, where the page's policy has no `img-src data:`. */
async function rastered(svg: SVGElement, scale: number): Promise<HTMLCanvasElement> {
  const xml = new XMLSerializer().serializeToString(svg).replace(FORBIDDEN, "");
  const image = new Image();
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = () => reject(new Error("not loaded"));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(xml)}`;
  });
  const canvas = blankCanvas(innerWidth * scale, innerHeight * scale);
  const pen = canvas.getContext("2d");
  // WebKit tells that the picture is loaded before the pictures and fonts inside it are.
  if (!("chrome" in window)) await new Promise((resolve) => setTimeout(resolve, 250));
  if (pen) {
    pen.fillStyle = pageColour();
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  }
  return canvas;
}
