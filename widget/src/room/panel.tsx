import { Fragment, h } from "preact";
import { place } from "../stage/place";
import { addPictures } from "./acts";
import { Channels } from "./channels";
import { EditorSlot } from "./editor-slot";
import { Goes } from "./goes";
import { Face, Tool } from "./icons";
import { LocalBar } from "./local-bar";
import type { RoomModel } from "./model";
import { Outcome, outcomeHeading } from "./outcome";
import { Others, Thread } from "./thread";
import { Write } from "./write";

export interface Props {
  room: RoomModel;
}

/** The room: a dialog docked to the edge that leaves the page usable beside it. */
export function Panel({ room, close }: Props & { close(): void }) {
  const { app, texts, view } = room;
  const simple = app.dress === "miniback";
  const { title, sub } = headingOf(room);
  return (
    <>
      <div
        class="room"
        role="dialog"
        aria-labelledby="br-title"
        tabIndex={-1}
        ref={(panel: HTMLElement | null) => {
          if (panel) place(panel, app.options.anchor);
        }}
        onKeyDown={(event: KeyboardEvent) => keys(event, room, close)}
        onPaste={(event: ClipboardEvent) => pictures(event, event.clipboardData, room)}
        onDragOver={(event: DragEvent) => event.preventDefault()}
        onDrop={(event: DragEvent) => pictures(event, event.dataTransfer, room)}
      >
        <header>
          {!simple && <Face app={app} mascot={app.options.mascot} />}
          <div>
            <h2 id="br-title" key={title} tabIndex={-1}>
              {title}
            </h2>
            {sub && <p>{sub}</p>}
          </div>
          <Tool icon="close" label={texts.close} act={close} />
        </header>
        {view === "write" && (
          <>
            {!simple && <Channels room={room} />}
            <div class="body">
              <Others room={room} />
              <Thread room={room} />
              {app.local && <LocalBar room={room} />}
            </div>
            <Write room={room} />
          </>
        )}
        {view === "goes" && <Goes room={room} />}
        {view === "outcome" && room.parcel && <Outcome room={room} parcel={room.parcel} close={close} />}
      </div>
      <EditorSlot room={room} />
      <div class="unseen" role="status" aria-live="polite">
        {room.said}
      </div>
    </>
  );
}

/** What the header says: the question, what is being looked at, or what became of the report. */
function headingOf({ app, texts, view, parcel }: RoomModel): { title: string; sub?: string | false } {
  if (view === "goes") return { title: texts.goesTitle, sub: texts.goesNote };
  if (view === "outcome" && parcel) return outcomeHeading(parcel, texts);
  const { mode, artifact } = app.options;
  if (mode) return { title: texts.review, sub: artifact?.title ?? texts.reviewSub };
  return { title: texts.title, sub: app.dress === "patchrooms" && texts.subtitle };
}

function keys(event: KeyboardEvent, room: RoomModel, close: () => void): void {
  if (event.key === "Escape" && !event.isComposing) {
    if (room.view === "goes") room.set({ view: "write" });
    else close();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && room.view === "write") void room.send();
}

/** Files that are pasted or dropped anywhere in the room; text is left to the field it was meant for. */
function pictures(event: Event, data: DataTransfer | null, room: RoomModel): void {
  const files = [...(data?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  if (room.app.dress === "patchrooms") void addPictures(room, files);
}
