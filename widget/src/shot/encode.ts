/** Pictures as files the server takes: PNG or JPEG, at most 2 MB, nothing in them but pixels. */

const MOST_BYTES = 2_000_000;
const MOST_SIDE = 4_096;

export interface Picture {
  blob: Blob;
  width: number;
  height: number;
}

/** Tries PNG, then JPEG ever smaller, until it fits. */
export async function encode(source: HTMLCanvasElement): Promise<Picture> {
  let canvas = fitted(source, Math.min(1, MOST_SIDE / Math.max(source.width, source.height)));
  for (let round = 0; round < 6; round++) {
    for (const [type, quality] of [
      ["image/png", 1],
      ["image/jpeg", 0.88],
      ["image/jpeg", 0.7],
    ] as const) {
      const blob = await toBlob(canvas, type, quality);
      if (blob.size <= MOST_BYTES) return { blob, width: canvas.width, height: canvas.height };
    }
    canvas = fitted(canvas, 0.75);
  }
  throw new Error("too large");
}

/** Any picture the browser can read, drawn anew: what a camera wrote beside the pixels (place, device) stays here. */
export async function canvasFrom(file: Blob): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(file);
  const canvas = blankCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

export function blankCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

/** The work, or a failure once `ms` have passed. */
export function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("too late")), ms));
  return Promise.race([work, late]);
}

function fitted(source: HTMLCanvasElement, scale: number): HTMLCanvasElement {
  if (scale >= 1) return source;
  const canvas = blankCanvas(source.width * scale, source.height * scale);
  canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function toBlob(canvas: HTMLCanvasElement, type: string, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), type, quality);
  });
}
