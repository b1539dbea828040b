import { Fragment, h } from "preact";
import { chooseFile, listen, pointAt, quoteSelection, takeScreenshot } from "./acts";
import { Tool } from "./icons";
import type { RoomModel } from "./model";
import { TEXT_LENGTH } from "./parcel";
import { fill } from "./texts";
import { Voice } from "./voice";

/** The writing box with its tools. */
export function Write({ room }: { room: RoomModel }) {
  const { texts, draft, app } = room;
  const { recorder } = room;
  const simple = app.dress === "miniback";
  const nearEnd = draft.text.length > TEXT_LENGTH * 0.95;
  return (
    // No form element: sandboxed frames and `form-action` policies stop those.
    <div class="write">
      {app.project.paused && <p class="notice">{texts.paused}</p>}
      {room.notice && <Notice room={room} />}
      {room.selection && !simple && (
        <button class="quote" onClick={() => quoteSelection(room)}>
          <b>{texts.quote}</b>
          <span>“{room.selection.slice(0, 80)}”</span>
        </button>
      )}
      {recorder ? (
        <Voice room={room} recorder={recorder} done={() => room.set({ recorder: null })} />
      ) : (
        <textarea
          value={draft.text}
          rows={simple ? 4 : 2}
          maxLength={TEXT_LENGTH}
          aria-label={texts.message}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          placeholder={draft.blocks.length ? texts.placeholderMore : texts.placeholder}
          onInput={(event: Event) => typed(room, event.target as HTMLTextAreaElement)}
        />
      )}
      {nearEnd && <p class="hint">{fill(texts.tooLong, { n: TEXT_LENGTH })}</p>}
      {!simple && !app.local && <Who room={room} />}
      <div class="bar">
        {!simple && (
          <>
            <Tool icon="shot" label={texts.screenshot} act={() => void takeScreenshot(room)} disabled={room.busy} />
            <Tool icon="point" label={texts.pick} act={() => void pointAt(room)} />
            <Tool
              icon="voice"
              label={texts.voice}
              act={() => void listen(room)}
              disabled={recorder !== null || room.asking}
            />
            <Tool icon="picture" label={texts.attach} act={() => chooseFile(room)} />
          </>
        )}
        <button class="send" disabled={!room.canSend} onClick={() => void room.send()}>
          {room.busy ? texts.sending : app.local ? texts.save : texts.send}
        </button>
      </div>
      <Along room={room} />
    </div>
  );
}

function typed(room: RoomModel, field: HTMLTextAreaElement): void {
  room.write({ text: field.value });
  // Where the browser can't size fields by their content, this does.
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function Notice({ room }: { room: RoomModel }) {
  const { notice } = room;
  if (!notice) return null;
  return (
    <div class="notice">
      <p>{notice.text}</p>
      {notice.actions.map((action) => (
        <button key={action.label} class="link" onClick={action.act}>
          {action.label}
        </button>
      ))}
    </div>
  );
}

function Who({ room }: { room: RoomModel }) {
  const { texts, draft } = room;
  return (
    <details class="who" open={draft.name !== "" || draft.mail !== ""}>
      <summary>{texts.who}</summary>
      <div>
        <input
          type="text"
          autocomplete="name"
          maxLength={120}
          aria-label={texts.name}
          placeholder={texts.name}
          value={draft.name}
          onInput={(event: Event) => room.write({ name: (event.target as HTMLInputElement).value })}
        />
        <input
          type="email"
          autocomplete="email"
          maxLength={254}
          aria-label={texts.mail}
          placeholder={texts.mail}
          value={draft.mail}
          onInput={(event: Event) => room.write({ mail: (event.target as HTMLInputElement).value })}
        />
      </div>
    </details>
  );
}

/** One line about what goes along, and the way to see and choose. */
function Along({ room }: { room: RoomModel }) {
  const { texts } = room;
  const left = new Set(room.draft.left);
  const staying = room.parts.filter((part) => !left.has(part.id));
  const errors = staying.filter((part) => part.label === "partError").length;
  const names = staying
    .filter((part) => ["partPage", "partBrowser"].includes(part.label))
    .map((part) => texts[part.label]);
  if (errors) names.push(errors === 1 ? `1 ${texts.partError}` : fill(texts.errors, { n: errors }));
  if (staying.some((part) => part.label === "partExtra")) names.push(texts.partExtra);
  return (
    <p class="goes">
      <span>{fill(texts.goes, { parts: names.join(", ") || texts.nothing })}</span>{" "}
      <button class="link" onClick={() => room.choose()}>
        {texts.seeAndChoose}
      </button>
    </p>
  );
}
