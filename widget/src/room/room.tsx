import { h, render } from "preact";
import { isMasked } from "../shot/mask";
import { adopt } from "../stage/adopt";
import { warn } from "../stage/own";
import type { App, Room } from "../types";
import { pointAt } from "./acts";
import { isEmpty } from "./draft";
import { fitToViewport } from "./fit";
import { RoomModel } from "./model";
import { Panel } from "./panel";
import { ROOM_CSS } from "./room-css";
import { toolsFrom } from "./tools";

export { sendWaiting } from "../send/send";

/** Builds the room in the loader's shadow root. It shows nothing until it is opened. */
export async function mountRoom(app: App): Promise<Room> {
  toolsFrom(() => app.load("tools"));
  const model = new RoomModel(app);
  await model.load();
  adopt(app.shadow, ROOM_CSS);
  const slot = document.createElement("div");
  slot.className = "slot";
  app.layer.append(slot);
  const draw = (): void => {
    const before = app.shadow.activeElement;
    if (!model.isOpen) app.layer.dispatchEvent(new Event("leave"));
    try {
      render(model.isOpen ? <Panel room={model} close={close} /> : null, slot);
    } catch (error) {
      warn(error);
    }
    // What had the focus has gone, or can't be used any more: it never falls out of the room.
    if (model.isOpen && before && (!before.isConnected || before.matches(":disabled"))) focusInside(slot);
  };
  let loose: (() => void) | null = null;
  const close = (): void => {
    if (!model.isOpen) return;
    loose?.();
    loose = null;
    model.forgetSent();
    model.set({ isOpen: false, asking: false, view: model.parcel ? "outcome" : "write", said: "", selection: "" });
    app.closed();
  };
  const stopDrawing = model.subscribe(draw);
  const stopWatching = watchSelection(model);
  keepToItself(slot);
  return {
    open() {
      if (model.isOpen) return focusInside(slot);
      model.lookAround();
      model.selection = selectedOn(model);
      model.set({ isOpen: true });
      loose = fitToViewport(slot);
      focusInside(slot);
      void model.lookAtOthers();
      if (app.options.mode === "artifact-review" && isEmpty(model.draft) && !model.parcel) void pointAt(model);
    },
    close,
    refresh() {
      model.lookAround();
      model.changed();
    },
    destroy() {
      loose?.();
      model.set({ isOpen: false });
      stopDrawing();
      stopWatching();
      model.stop();
      slot.remove();
    },
  };
}

/** What is typed, pasted and dropped is none of the page's, nor is the focus, which it may want to keep in a dialog. */
function keepToItself(slot: HTMLElement): void {
  for (const kind of "keydown keypress keyup beforeinput input paste drop focusin focusout".split(" "))
    slot.addEventListener(kind, (event) => event.stopPropagation());
}

/** To the writing box, else to the heading that says what is there. */
function focusInside(slot: HTMLElement): void {
  // On phones the keyboard would cover half the room before anything was read.
  const touch = matchMedia("(hover: none) and (pointer: coarse)").matches;
  const box = slot.querySelector<HTMLElement>(".write>textarea");
  const target = box && touch ? slot.querySelector<HTMLElement>(".room") : (box ?? slot.querySelector("h2"));
  target?.focus({ preventScroll: true });
}

/** Text that the reporter has selected on the page, nothing masked, none of the widget's own. */
function selectedOn(model: RoomModel): string {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || !selection.anchorNode || !selection.focusNode) return "";
  const ends = [selection.anchorNode, selection.focusNode];
  if (ends.some((node) => model.app.host.contains(node) || isMasked(node, model.masks))) return "";
  const range = selection.getRangeAt(0);
  if (range.cloneContents().querySelector(model.masks)) return "";
  return selection.toString().trim().slice(0, 2_000);
}

function watchSelection(model: RoomModel): () => void {
  const look = (): void => {
    if (!model.isOpen || model.view !== "write") return;
    const selection = selectedOn(model);
    // A click into the room collapses the page's selection; what was selected stays on offer.
    if (selection && selection !== model.selection) model.set({ selection });
  };
  document.addEventListener("selectionchange", look);
  return () => document.removeEventListener("selectionchange", look);
}
