import { Fragment, h } from "preact";
import type { DraftBlock } from "./draft";
import { Tool } from "./icons";
import type { RoomModel } from "./model";
import { Follow } from "./outcome";
import { TEXT_LENGTH } from "./parcel";
import { Sound } from "./sound";
import { fill } from "./texts";
import { Thumb } from "./thumb";

/** The stacked blocks of the report that is being written. */
export function Thread({ room }: { room: RoomModel }) {
  const { blocks } = room.draft;
  if (blocks.length === 0) return null;
  return (
    <ol class="thread" aria-label={room.texts.thread}>
      {blocks.map((block) => (
        <li key={block.id} class={`b ${block.type}`}>
          <BlockBody room={room} block={block} />
          <Tool icon="close" label={`${room.texts.remove}: ${room.nameOf(block)}`} act={() => room.remove(block.id)} />
        </li>
      ))}
    </ol>
  );
}

function BlockBody({ room, block }: { room: RoomModel; block: DraftBlock }) {
  const { texts } = room;
  if (block.type === "text") {
    return (
      <textarea
        aria-label={texts.message}
        value={block.text}
        rows={1}
        maxLength={TEXT_LENGTH}
        onInput={(event: Event) => room.change(block.id, { text: (event.target as HTMLTextAreaElement).value })}
        onBlur={() => block.text.trim() === "" && room.remove(block.id)}
      />
    );
  }
  if (block.type === "screenshot") {
    const masked =
      block.masked === null ? texts.noneMasked : block.masked ? fill(texts.masked, { n: block.masked }) : "";
    return (
      <>
        <Thumb blob={block.blob} label={texts.screenshot} />
        <small>
          <span>{[texts.screenshot, masked].filter(Boolean).join(" · ")}</span>
          <button
            class="link"
            onClick={() => room.set({ editing: { id: block.id, blob: block.blob, masked: block.masked } })}
          >
            {texts.edit}
          </button>
        </small>
      </>
    );
  }
  if (block.type === "audio") return <Sound room={room} blob={block.blob} durationMs={block.durationMs} />;
  return (
    <blockquote>
      {block.quote && <span>“{block.quote}”</span>}
      {block.selector && <code dir="ltr">{block.selector}</code>}
    </blockquote>
  );
}

/** Earlier reports that still wait for the server, or that it did not take. */
export function Others({ room }: { room: RoomModel }) {
  const { others, texts } = room;
  const waiting = others.filter((parcel) => parcel.state === "waiting").length;
  const told = others.filter((parcel) => parcel.state !== "waiting");
  if (others.length === 0) return null;
  return (
    <div class="others">
      {waiting > 0 && (
        <p>
          {fill(texts.waiting, { n: waiting })}
          <button class="link" onClick={() => room.tryNow()}>
            {texts.tryNow}
          </button>
        </p>
      )}
      {told.map((parcel) => (
        <p key={parcel.id}>
          {parcel.answer ? texts.thanks : texts.failed}
          {parcel.answer ? (
            <Follow room={room} parcel={parcel} />
          ) : (
            <button class="link" onClick={() => room.set({ parcel, view: "outcome" })}>
              {texts.edit}
            </button>
          )}
        </p>
      ))}
    </div>
  );
}
