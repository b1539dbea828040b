import { h } from "preact";
import { Editor } from "../shot/editor";
import type { RoomModel } from "./model";

/** The picture editor, while a picture is edited. */
export function EditorSlot({ room }: { room: RoomModel }) {
  const { editing } = room;
  if (!editing) return null;
  const leave = (): void => {
    room.set({ editing: null });
    room.app.layer.querySelector<HTMLElement>(".write textarea")?.focus();
  };
  return (
    <Editor
      texts={room.texts}
      blob={editing.blob}
      hint={editing.masked === null ? room.texts.screenHint : ""}
      done={(picture) => {
        if (editing.id) room.change(editing.id, picture);
        else room.add({ type: "screenshot", ...picture, masked: editing.masked });
        leave();
      }}
      cancel={leave}
    />
  );
}
