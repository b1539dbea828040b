import { blankCanvas, withTimeout } from "./encode";
import { maskedBoxes, maskSelector } from "./mask";

/** A screen that shows nothing for so long is better replaced by a picture of the reporter's own. */
const FIRST_FRAME = 10_000;
/**
 * A surface that shows nothing new for so long after this page was covered doesn't show this page. A busy phone or an
 * old machine takes more than a second to show it; too short a wait would let what is masked into the picture.
 */
const STILL = 6_000;

/** So often is a page looked at that moves while its picture is taken. */
const MOST_LOOKS = 5;

/**
 * The second step of the ladder: one frame of the shared screen. Boxes are laid over the masked parts of this
 * page, so that they are covered in it too, if it is this page that is shared. Fails where the page doesn't stand
 * still under them.
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
  try {
    const video = document.createElement("video");
    video.srcObject = stream;
    video.muted = true;
    await withTimeout(video.play(), FIRST_FRAME);
    const canvas = blankCanvas(video.videoWidth, video.videoHeight);
    const look = (): DOMRect[] => maskedBoxes(maskSelector(own), host);
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      // Measured only now: the page may have moved while the browser asked.
      const boxes = look();
      const uncover = cover(layer, boxes);
      await frameAfter(video, await painted());
      canvas.getContext("2d")?.drawImage(video, 0, 0);
      uncover();
      if (JSON.stringify(look()) === JSON.stringify(boxes)) return canvas;
    }
    throw new Error("the page moves");
  } finally {
    for (const track of stream.getTracks()) track.stop();
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

function cover(layer: HTMLElement, boxes: DOMRect[]): () => void {
  const sheet = document.createElement("div");
  for (const box of boxes) {
    const part = document.createElement("div");
    part.style.cssText = `position:fixed;background:#3b3732;left:${box.x}px;top:${box.y}px;width:${box.width}px;height:${box.height}px`;
    sheet.append(part);
  }
  // A tab that shows nothing new gives no frames: this dot is always new.
  const dot = document.createElement("div");
  dot.style.cssText = "position:fixed;inset:auto auto 0 0;width:2px;height:2px";
  dot.animate([{ background: "#000" }, { background: "#fff" }], { duration: 150, iterations: 1e9 });
  sheet.append(dot);
  layer.append(sheet);
  const panels = layer.querySelectorAll<HTMLElement>(".room");
  for (const panel of panels) panel.style.visibility = "hidden";
  return () => {
    sheet.remove();
    for (const panel of panels) panel.style.visibility = "";
  };
}
