import { canvasFrom, encode } from "../shot/encode";
import type { RoomModel } from "./model";
import { tools } from "./tools";

/** What the room's buttons start. The heavy parts are loaded only then. */

export async function takeScreenshot(room: RoomModel, outline?: Element): Promise<void> {
  const { app, texts } = room;
  if (room.busy) return;
  room.set({ busy: true, notice: null, said: texts.drawing });
  try {
    const { drawPage } = await tools();
    const { canvas, masked } = await drawPage(app.host, app.options.mask, outline);
    const picture = await encode(canvas);
    room.set({ busy: false, said: "" });
    room.add({ type: "screenshot", ...picture, masked });
  } catch {
    room.set({ busy: false });
    await offerNextStep(room);
  }
}

/** The ladder: draw the page, else share the screen, else a picture of the reporter's own. */
async function offerNextStep(room: RoomModel): Promise<void> {
  const { texts } = room;
  const actions = [{ label: texts.useFile, act: () => chooseFile(room) }];
  if (typeof navigator.mediaDevices?.getDisplayMedia === "function")
    actions.unshift({ label: texts.useScreen, act: () => void shareScreen(room) });
  room.warn(texts.drawFailed, actions);
}

export async function shareScreen(room: RoomModel): Promise<void> {
  const { app, texts } = room;
  room.set({ notice: null });
  try {
    // Without waiting for anything else: browsers share the screen only right after a click.
    const { grabScreen } = await tools();
    const canvas = await grabScreen(app.host, app.layer, app.options.mask);
    const { blob } = await encode(canvas);
    room.set({ editing: { id: null, blob, masked: null } });
  } catch {
    room.warn(texts.drawFailed, [{ label: texts.useFile, act: () => chooseFile(room) }]);
  }
}

export function chooseFile(room: RoomModel): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  input.multiple = true;
  input.addEventListener("change", () => void addPictures(room, [...(input.files ?? [])]));
  input.click();
}

export async function addPictures(room: RoomModel, files: readonly File[]): Promise<void> {
  for (const file of files) {
    try {
      room.add({ type: "screenshot", ...(await encode(await canvasFrom(file))), masked: null });
    } catch {
      room.warn(room.texts.notPicture);
    }
  }
}

export async function pointAt(room: RoomModel): Promise<void> {
  const { app, texts } = room;
  const panel = app.layer.querySelector<HTMLElement>(".room");
  try {
    const { pickElement } = await tools();
    if (panel) panel.hidden = true;
    const picked = await pickElement({
      host: app.host,
      layer: app.layer,
      hint: texts.pickHint,
      cancel: texts.cancel,
      masks: room.masks,
      say: (text) => room.say(text),
    });
    if (panel) panel.hidden = false;
    if (picked) {
      room.lookAround();
      const { quote, selector } = picked;
      room.add({ type: "selection", quote, selector, url: pageAddress(room) });
      if (app.options.mode === "artifact-review") await takeScreenshot(room, picked.element);
    }
  } catch {
    room.warn(texts.loadFailed);
  } finally {
    if (panel) panel.hidden = false;
    app.layer.querySelector<HTMLElement>(".write textarea")?.focus();
  }
}

export function quoteSelection(room: RoomModel): void {
  const quote = room.selection;
  room.lookAround();
  if (quote) room.add({ type: "selection", quote, selector: null, url: pageAddress(room) });
  room.set({ selection: "" });
}

/** The address as it goes along, secrets cut. */
function pageAddress(room: RoomModel): string {
  return room.parts.find((part) => part.id === "page")?.shown ?? "";
}

export async function copy(room: RoomModel, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyByHand(room.app.layer, text);
  }
  room.say(room.texts.copied);
}

/** Pages without https, and frames without permission, have no clipboard; the old command still copies there. */
function copyByHand(layer: HTMLElement, text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  layer.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function listen(room: RoomModel): Promise<void> {
  const { texts } = room;
  // A note that has no place must not be spoken in vain.
  if (room.isFull) return room.warnFull();
  room.set({ asking: true, notice: null });
  try {
    const { canRecord, record } = await tools();
    if (!canRecord()) return room.warn(texts.micMissing);
    // The voice bar ends a recording at the time limit; one that has grown too many bytes ends as if at it.
    let full = false;
    const recorder = await record(() => {
      full = true;
    });
    // Whoever has left the writing box while the browser asked isn't listened to.
    if (!room.asking || room.view !== "write") recorder.cancel();
    else
      room.set({ recorder: { ...recorder, elapsedMs: () => (full ? Number.MAX_SAFE_INTEGER : recorder.elapsedMs()) } });
  } catch (error) {
    room.warn((error as DOMException).name === "NotAllowedError" ? texts.micDenied : texts.micMissing);
  } finally {
    room.set({ asking: false });
  }
}
