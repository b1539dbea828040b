import { type ComponentChildren, h } from "preact";
import { isBlocked } from "../send/policy";
import type { Parcel } from "../send/store";
import { copy } from "./acts";
import { Face } from "./icons";
import type { RoomModel } from "./model";
import { plainText } from "./plain";
import { fill } from "./texts";

interface Props {
  room: RoomModel;
  parcel: Parcel;
  close(): void;
}

/** What became of the report: on its way, kept, taken with a receipt, or not taken and why. */
export function Outcome(props: Props) {
  const { room, parcel } = props;
  if (parcel.state === "sent") return <Receipt {...props} />;
  if (parcel.state === "failed") return <Failed {...props} />;
  const { texts } = room;
  if (parcel.tries === 0 && navigator.onLine) {
    return (
      <Words room={room} title={texts.sending}>
        <div class="bar">
          <progress aria-label={texts.sending} />
        </div>
      </Words>
    );
  }
  const why = !navigator.onLine
    ? texts.offlineWhy
    : isBlocked(parcel.address)
      ? texts.blockedWhy
      : room.lasting
        ? texts.queuedWhy
        : texts.queuedMemory;
  return (
    <Words room={room} title={texts.queued} text={why}>
      <div class="bar">
        <CopyLink room={room} parcel={parcel} />
        <button type="button" class="link" onClick={() => room.another()}>
          {texts.another}
        </button>
        <button type="button" class="send" onClick={() => room.tryNow()}>
          {texts.tryNow}
        </button>
      </div>
    </Words>
  );
}

function Receipt({ room, parcel, close }: Props) {
  const { texts, app } = room;
  const { answer } = parcel;
  return (
    <Words room={room} title={texts.thanks}>
      {app.dress === "patchrooms" && answer && (
        <p class="receipt">
          {fill(texts.receipt, { id: answer.id.slice(-4) })}
          {answer.statusUrl && (
            <a href={new URL(answer.statusUrl, `${app.api}/`).href} target="_blank" rel="noreferrer">
              {texts.follow}
            </a>
          )}
        </p>
      )}
      <div class="bar">
        <button type="button" class="link" onClick={() => room.another()}>
          {texts.another}
        </button>
        <button type="button" class="send" onClick={close}>
          {texts.close}
        </button>
      </div>
    </Words>
  );
}

function Failed({ room, parcel }: Props) {
  const { texts } = room;
  const why = {
    blocked: texts.failedBlocked,
    unknown: texts.failedUnknown,
    large: texts.failedLarge,
    type: texts.failedType,
    paused: texts.failedPaused,
    refused: texts.failedOther,
  }[parcel.failure ?? "refused"];
  return (
    <Words room={room} title={texts.failed} text={why} bad>
      {parcel.said && <p class="hint">{fill(texts.refused, { said: parcel.said })}</p>}
      <pre dir="auto">{plainText(parcel.report)}</pre>
      <div class="bar">
        <CopyLink room={room} parcel={parcel} />
        <button type="button" class="link" onClick={() => void room.discard(parcel)}>
          {texts.discard}
        </button>
        <button type="button" class="send" onClick={() => void room.reopen(parcel)}>
          {texts.reopen}
        </button>
      </div>
    </Words>
  );
}

function CopyLink({ room, parcel }: { room: RoomModel; parcel: Parcel }) {
  return (
    <button type="button" class="link" onClick={() => void copy(room, plainText(parcel.report))}>
      {room.said === room.texts.copied ? room.texts.copied : room.texts.copy}
    </button>
  );
}

interface WordsProps {
  room: RoomModel;
  title: string;
  text?: string;
  bad?: boolean;
  children: ComponentChildren;
}

function Words({ room, title, text, bad, children }: WordsProps) {
  return (
    <div class="body outcome" data-bad={bad ? "" : undefined}>
      {room.app.dress === "patchrooms" && <Face app={room.app} mascot={room.app.options.mascot} />}
      <h3 tabIndex={-1} key={title} ref={(heading: HTMLElement | null) => heading?.focus({ preventScroll: true })}>
        {title}
      </h3>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}
