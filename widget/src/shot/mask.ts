/** What must never be in a picture or a quote: form values, `[data-private]`, and what the settings select. */

const ALWAYS = [
  "input:not([type=button],[type=submit],[type=reset],[type=image])",
  "textarea",
  "select",
  "[contenteditable]:not([contenteditable=false i])",
  "[role=textbox]",
  "[data-private]",
];

export function maskSelector(own: readonly string[]): string {
  return [...ALWAYS, ...own].join(",");
}

/** Whether the element or something around it is masked, through shadow roots up to the document. */
export function isMasked(node: Node, selector: string): boolean {
  for (let at: Node | null = node; at; at = around(at)) {
    if (at instanceof Element && at.matches(selector)) return true;
  }
  return false;
}

export function around(node: Node): Node | null {
  return (node as Element).assignedSlot ?? node.parentNode ?? (node instanceof ShadowRoot ? node.host : null);
}

/** The boxes of the masked elements that can be seen now, outermost ones only, in the viewport's pixels. */
export function maskedBoxes(selector: string, except: Element): DOMRect[] {
  const boxes: DOMRect[] = [];
  const collect = (root: ParentNode, dx: number, dy: number): void => {
    for (const element of root.querySelectorAll("*")) {
      if (element === except) continue;
      if (element.matches(selector) && !(element.parentElement && isMasked(element.parentElement, selector))) {
        for (const box of element.getClientRects())
          boxes.push(new DOMRect(box.x + dx, box.y + dy, box.width, box.height));
      }
      if (element.shadowRoot) collect(element.shadowRoot, dx, dy);
      const inner = frameDocument(element);
      if (inner) {
        const frame = element.getBoundingClientRect();
        collect(inner, dx + frame.x + element.clientLeft, dy + frame.y + element.clientTop);
      }
    }
  };
  collect(document, 0, 0);
  return boxes.filter(
    (box) =>
      box.width > 0 &&
      box.height > 0 &&
      box.right > 0 &&
      box.bottom > 0 &&
      box.left < innerWidth &&
      box.top < innerHeight,
  );
}

export function frameDocument(element: Element): Document | null {
  try {
    return element instanceof HTMLIFrameElement ? element.contentDocument : null;
  } catch {
    return null;
  }
}
