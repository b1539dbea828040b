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
    // By its kind, not its class: frames have classes of their own.
    if (at.nodeType === Node.ELEMENT_NODE && (at as Element).matches(selector)) return true;
  }
  return false;
}

export function around(node: Node): Node | null {
  return (node as Element).assignedSlot ?? node.parentNode ?? (node as ShadowRoot).host ?? null;
}

/** The boxes of the masked elements that can be seen now, outermost ones only, in the viewport's pixels. */
export function maskedBoxes(selector: string, except: Element): DOMRect[] {
  const boxes: DOMRect[] = [];
  const collect = (root: ParentNode, place: Place): void => {
    for (const element of root.querySelectorAll("*")) {
      if (element === except) continue;
      if (element.matches(selector) && !(element.parentElement && isMasked(element.parentElement, selector)))
        for (const box of element.getClientRects()) boxes.push(place(box));
      if (element.shadowRoot) collect(element.shadowRoot, place);
      const inner = frameDocument(element);
      if (inner) collect(inner, placeIn(element as HTMLIFrameElement, place));
    }
  };
  collect(document, (box) => box);
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

type Place = (box: DOMRect) => DOMRect;

/** Where a box in a frame stands around it. */
function placeIn(frame: HTMLIFrameElement, place: Place): Place {
  const { x, y, width, height } = frame.getBoundingClientRect();
  const { paddingLeft, paddingTop } = getComputedStyle(frame);
  const wide = width / frame.offsetWidth;
  const high = height / frame.offsetHeight;
  const left = frame.clientLeft + parseFloat(paddingLeft);
  const top = frame.clientTop + parseFloat(paddingTop);
  return (box) =>
    place(new DOMRect(x + wide * (left + box.x), y + high * (top + box.y), wide * box.width, high * box.height));
}

export function frameDocument(element: Element): Document | null {
  try {
    return (element.localName === "iframe" && (element as HTMLIFrameElement).contentDocument) || null;
  } catch {
    return null;
  }
}
