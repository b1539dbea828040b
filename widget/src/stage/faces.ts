import type { Mascot } from "../types";
import { FACES } from "./faces-data";

const SVG = "http://www.w3.org/2000/svg";

/** A face as an SVG element. Built node by node: pages with Trusted Types take no markup. */
export function face(mascot: Mascot): SVGSVGElement {
  const svg = element("svg", { viewBox: "0 0 64 64", "aria-hidden": "true", class: "face" });
  const eyes = element("g", { class: "eyes" });
  for (const line of FACES[mascot]) {
    const isEye = line.startsWith("*");
    (isEye ? eyes : svg).append(...shapes(isEye ? line.slice(1) : line));
    // The eyes keep their place between what was drawn before and after them.
    if (isEye && !eyes.parentNode) svg.append(eyes);
  }
  return svg as SVGSVGElement;
}

function shapes(line: string): SVGElement[] {
  const [, paint = "", kind, rest = ""] = /^-?(\S+) (@*)(.+)/.exec(line) ?? [];
  if (line.startsWith("-"))
    return [
      element("path", { d: rest, fill: "none", stroke: paint, "stroke-width": "1.8", "stroke-linecap": "round" }),
    ];
  if (!kind) return [element("path", { d: rest, fill: paint })];
  const [cx, cy, rx, ry, turn = 0] = rest.split(" ").map(Number) as [number, number, number, number, number?];
  const ellipse = (x: number, by: number): SVGElement =>
    element("ellipse", { cx: x, cy, rx, ry, fill: paint, transform: `rotate(${by} ${x} ${cy})` });
  return kind === "@" ? [ellipse(cx, turn)] : [ellipse(cx, turn), ellipse(64 - cx, -turn)];
}

function element(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const key of Object.keys(attributes)) made.setAttribute(key, String(attributes[key]));
  return made;
}
