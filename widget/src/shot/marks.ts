/** The editor's marks, in the picture's own pixels. Pure: what is drawn is decided here, on any canvas. */

export type MarkKind = "arrow" | "box" | "pen" | "text" | "redact" | "crop";

export interface Point {
  x: number;
  y: number;
}

export interface Mark {
  kind: MarkKind;
  /** Where it begins and ends; a pen's whole way. */
  points: Point[];
  text?: string;
}

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

const INK = "#e03131";
const FILL = "#1f1b16";

export function rectOf(mark: Mark): Rect {
  const xs = mark.points.map((point) => point.x);
  const ys = mark.points.map((point) => point.y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** The part of the picture that stays: the last crop, within the picture, at least 8 pixels each way. */
export function cropOf(marks: readonly Mark[], width: number, height: number): Rect {
  const whole = { x: 0, y: 0, width, height };
  const mark = marks.filter((each) => each.kind === "crop").at(-1);
  if (!mark) return whole;
  const rect = rectOf(mark);
  const x = Math.max(0, Math.floor(rect.x));
  const y = Math.max(0, Math.floor(rect.y));
  const right = Math.min(width, Math.ceil(rect.x + rect.width));
  const bottom = Math.min(height, Math.ceil(rect.y + rect.height));
  return right - x < 8 || bottom - y < 8 ? whole : { x, y, width: right - x, height: bottom - y };
}

/** Moves a mark, or with `size` only its end. */
export function nudged(mark: Mark, dx: number, dy: number, size: boolean): Mark {
  const last = mark.points.length - 1;
  return {
    ...mark,
    points: mark.points.map((point, at) => (size && at !== last ? point : { x: point.x + dx, y: point.y + dy })),
  };
}

/** Draws one mark. `unit` is the line's width in the picture's pixels. */
export function drawMark(pen: CanvasRenderingContext2D, mark: Mark, unit: number): void {
  const [from, ...rest] = mark.points;
  const to = rest.at(-1) ?? from;
  if (!from || !to) return;
  pen.lineWidth = unit;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = INK;
  const { x, y, width, height } = rectOf(mark);
  switch (mark.kind) {
    case "redact":
      // Opaque, and over the pixels themselves: a blur could be undone.
      pen.fillStyle = FILL;
      pen.fillRect(Math.floor(x), Math.floor(y), Math.ceil(width) + 1, Math.ceil(height) + 1);
      break;
    case "box":
      pen.strokeRect(x, y, width, height);
      break;
    case "pen":
      pen.beginPath();
      pen.moveTo(from.x, from.y);
      for (const point of rest) pen.lineTo(point.x, point.y);
      pen.stroke();
      break;
    case "arrow":
      arrow(pen, from, to, unit);
      break;
    case "text":
      words(pen, mark.text ?? "", from, unit);
      break;
    case "crop":
      break;
  }
}

function arrow(pen: CanvasRenderingContext2D, from: Point, to: Point, unit: number): void {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
  for (const turn of [0.5, -0.5]) {
    pen.moveTo(to.x, to.y);
    pen.lineTo(to.x - Math.cos(angle + turn) * unit * 5, to.y - Math.sin(angle + turn) * unit * 5);
  }
  pen.stroke();
}

function words(pen: CanvasRenderingContext2D, text: string, at: Point, unit: number): void {
  pen.font = `600 ${unit * 6}px system-ui, sans-serif`;
  pen.textBaseline = "top";
  // A light rim keeps the words legible on any ground.
  pen.strokeStyle = "#fff";
  pen.lineWidth = unit * 1.6;
  pen.strokeText(text, at.x, at.y);
  pen.fillStyle = INK;
  pen.fillText(text, at.x, at.y);
}
