import type { Mascot } from "../types";
import { FACES } from "./faces-data";

const SVG = "http://www.w3.org/2000/svg";

/** A face as an SVG element. Built node by node: pages with Trusted Types take no markup. */
export function face(mascot: Mascot): SVGSVGElement {
  const svg = element("svg", { viewBox: "0 0 64 64", "aria-hidden": "true", class: "face" });
  const eyes = element("g", { class: "eyes" });
  for (const line of FACES[mascot]) {
    const isEye = line.startsWith("*");
    (isEye ? eyes : svg).append(shape(isEye ? line.slice(1) : line));
    // The eyes keep their place between what was drawn before and after them.
    if (isEye && !eyes.parentNode) svg.append(eyes);
  }
  return svg as SVGSVGElement;
}

function shape(line: string): SVGElement {
  const space = line.indexOf(" ");
  const paint = line.slice(0, space);
  const rest = line.slice(space + 1);
  if (paint.startsWith("-")) {
    const stroke = paint.slice(1);
    return element("path", { d: rest, fill: "none", stroke, "stroke-width": "1.8", "stroke-linecap": "round" });
  }
  if (!rest.startsWith("@")) return element("path", { d: rest, fill: paint });
  const [cx = "0", cy = "0", rx = "0", ry = "0", turn] = rest.slice(1).split(" ");
  const ellipse = element("ellipse", { cx, cy, rx, ry, fill: paint });
  if (turn) ellipse.setAttribute("transform", `rotate(${turn} ${cx} ${cy})`);
  return ellipse;
}

function element(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key] ?? "");
  return made;
}
