/** The eyes look at the pointer. Blinking is CSS; both stop where the reader asked for less motion. */

const REACH = 2.2;

export function followPointer(roots: () => Iterable<Element>): () => void {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let waiting = false;
  let x = 0;
  let y = 0;
  const look = (): void => {
    waiting = false;
    for (const root of roots()) {
      const box = root.getBoundingClientRect();
      if (box.width === 0) continue;
      const [dx, dy] = gaze(x - box.x - box.width / 2, y - box.y - box.height / 2);
      const eyes = root.querySelector<SVGElement>(".eyes");
      if (eyes) eyes.style.translate = `${dx}px ${dy}px`;
    }
  };
  const move = (event: PointerEvent): void => {
    if (still.matches || event.pointerType === "touch") return;
    x = event.clientX;
    y = event.clientY;
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(look);
    }
  };
  addEventListener("pointermove", move);
  return () => removeEventListener("pointermove", move);
}

/** How far the eyes turn, in the face's own units: never out of the face, less when the pointer is near. */
export function gaze(dx: number, dy: number): [number, number] {
  const distance = Math.hypot(dx, dy);
  if (distance < 1) return [0, 0];
  const turn = REACH * Math.min(1, distance / 160);
  return [(dx / distance) * turn, (dy / distance) * turn];
}
