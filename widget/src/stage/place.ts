import type { Anchor } from "../types";

/** Writes an anchor as attributes for the style sheet: which row, which column, and which edge is touched. */
export function place(element: HTMLElement, anchor: Anchor): void {
  const [y = "middle", x = "right"] = anchor.split("-");
  element.dataset.y = y;
  element.dataset.x = x;
  element.dataset.side = x === "center" ? y : x;
}
