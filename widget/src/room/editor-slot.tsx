import { h } from "preact";
import { Editor } from "../shot/editor";
import type { RoomModel } from "./model";

/** The picture editor, while a picture is edited. */
export function EditorSlot({ room }: { room: RoomModel }) {
  const { editing } = room;
  if (!editing) return null;
  const leave = (): void => {
    const at = room.draft.blocks.findIndex((block) => block.id === editing.id) + 1;
    room.set({ editing: null });
    room.app.layer.querySelector<HTMLElement>(`.thread>:nth-child(${at}) .link`)?.focus();
  };
  return (
    <Editor
      texts={room.texts}
      blob={editing.blob}
      hint={editing.masked === null ? room.texts.screenHint : ""}
      done={async (picture) => {
        if (editing.id) room.change(editing.id, picture);
        else room.add({ type: "screenshot", ...picture, masked: editing.masked });
        // Only then: what was painted over must not come back with a reload.
        await room.kept();
        leave();
      }}
      cancel={leave}
    />
  );
}
