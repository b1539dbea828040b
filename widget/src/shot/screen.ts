import { blankCanvas, withTimeout } from "./encode";
import { maskedBoxes, maskSelector } from "./mask";

/** A screen that shows nothing for so long is better replaced by a picture of the reporter's own. */
const FIRST_FRAME = 10_000;
/** A surface that shows nothing new for so long after this page was covered doesn't show this page. */
const STILL = 2_000;

/**
 * The second step of the ladder: one frame of the shared screen. Boxes are laid over the masked parts of this
 * page first, so that they are covered in it too, if it is this page that is shared.
 */
export async function grabScreen(
  host: HTMLElement,
  layer: HTMLElement,
  own: readonly string[],
): Promise<HTMLCanvasElement> {
  const covers = cover(host, layer, own);
  let stream: MediaStream | null = null;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({
      video: { displaySurface: "browser" },
      audio: false,
      preferCurrentTab: true,
    } as DisplayMediaStreamOptions);
    const video = document.createElement("video");
    video.srcObject = stream;
    video.muted = true;
    await withTimeout(video.play(), FIRST_FRAME);
    await frameAfter(video, await painted());
    const canvas = blankCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    return canvas;
  } finally {
    covers();
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}

/** The moment after which everything that stands now has been painted. */
function painted(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}

/** Waits for a frame that was taken after that moment: those before may still show the page uncovered. */
function frameAfter(video: HTMLVideoElement, moment: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, STILL);
    const look = (_: number, frame: VideoFrameCallbackMetadata): void => {
      if ((frame.captureTime ?? frame.presentationTime) > moment) resolve();
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback?.(look);
  });
}

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
