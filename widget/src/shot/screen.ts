import { blankCanvas } from "./encode";
import { maskedBoxes, maskSelector } from "./mask";

/**
 * The second step of the ladder: one frame of the shared screen. Boxes are laid over the masked parts of this
 * page first, so that they are covered in it too, if it is this page that is shared.
 */
export async function grabScreen(
  host: HTMLElement,
  layer: HTMLElement,
  own: readonly string[],
): Promise<HTMLCanvasElement> {
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: { displaySurface: "browser" },
    audio: false,
    preferCurrentTab: true,
  } as DisplayMediaStreamOptions);
  const covers = cover(host, layer, own);
  try {
    const video = document.createElement("video");
    video.srcObject = stream;
    video.muted = true;
    await video.play();
    // The first frames may still show the page before it was covered.
    await new Promise((resolve) => setTimeout(resolve, 350));
    const canvas = blankCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    return canvas;
  } finally {
    covers();
    for (const track of stream.getTracks()) track.stop();
  }
}

export const canGrab = (): boolean => typeof navigator.mediaDevices?.getDisplayMedia === "function";

function cover(host: HTMLElement, layer: HTMLElement, own: readonly string[]): () => void {
  const sheet = document.createElement("div");
  for (const box of maskedBoxes(maskSelector(own), host)) {
    const part = document.createElement("div");
    const { style } = part;
    style.position = "fixed";
    style.background = "#3b3732";
    style.left = `${box.x}px`;
    style.top = `${box.y}px`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    sheet.append(part);
  }
  layer.append(sheet);
  const panels = layer.querySelectorAll<HTMLElement>(".room");
  for (const panel of panels) panel.style.visibility = "hidden";
  return () => {
    sheet.remove();
    for (const panel of panels) panel.style.visibility = "";
  };
}
