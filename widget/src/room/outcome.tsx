import { h } from "preact";
import type { Texts } from "../i18n/en";
import { isBlocked } from "../send/policy";
import type { Parcel } from "../send/store";
import { copy } from "./acts";
import type { RoomModel } from "./model";
import { plainText } from "./plain";
import { fill } from "./texts";

interface Props {
  room: RoomModel;
  parcel: Parcel;
  close(): void;
}

const isSending = (parcel: Parcel): boolean => parcel.state === "waiting" && parcel.tries === 0 && navigator.onLine;

export function outcomeHeading(parcel: Parcel, texts: Texts): { title: string; sub?: string } {
  const { answer, dress } = parcel;
  if (answer) {
    const sub = dress === "patchrooms" ? fill(texts.receipt, { id: answer.id.slice(-4) }) : "";
    return { title: texts.thanks, sub };
  }
  if (parcel.state === "failed") return { title: texts.failed };
  return { title: isSending(parcel) ? texts.sending : texts.queued };
}

/** What became of the report: on its way, kept, taken with a receipt, or not taken and why. */
export function Outcome(props: Props) {
  const { room, parcel } = props;
  const { texts } = room;
  if (parcel.state === "sent") return <Receipt {...props} />;
  if (parcel.state === "failed") return <Failed {...props} />;
  if (isSending(parcel)) {
    return (
      <div class="body outcome">
        <progress aria-label={texts.sending} />
      </div>
    );
  }
  return (
    <div class="body outcome">
      <p>{whyKept(room, parcel)}</p>
      <div class="bar">
        <CopyLink room={room} parcel={parcel} />
        <Another room={room} />
        <button class="send" onClick={() => room.tryNow()}>
          {texts.tryNow}
        </button>
      </div>
    </div>
  );
}

function whyKept({ texts, lasting }: RoomModel, parcel: Parcel): string {
  if (isBlocked(parcel.address)) return texts.blockedWhy;
  if (!lasting) return texts.queuedMemory;
  return navigator.onLine ? texts.queuedWhy : texts.offlineWhy;
}

/** Where the reporter follows a report, if its server has such a page. */
export function Follow({ room, parcel }: Pick<Props, "room" | "parcel">) {
  const { texts, app } = room;
  const address = parcel.answer?.receiptUrl;
  if (!address) return null;
  return (
    <a
      class="link"
      href={`${address.startsWith("/") ? app.api : ""}${address}?lang=${app.options.locale}`}
      target="_blank"
      rel="noreferrer"
    >
      {texts.follow}
    </a>
  );
}

function Receipt({ room, parcel, close }: Props) {
  const { texts } = room;
  return (
    <div class="body outcome receipt">
      <Follow room={room} parcel={parcel} />
      <div class="bar">
        <Another room={room} />
        <button class="send" onClick={close}>
          {texts.close}
        </button>
      </div>
    </div>
  );
}

function Failed({ room, parcel }: Props) {
  const { texts } = room;
  const why = {
    blocked: texts.failedBlocked,
    unknown: texts.failedOther,
    large: texts.failedLarge,
    type: texts.failedType,
    paused: texts.paused,
    refused: texts.failedOther,
  }[parcel.failure ?? "refused"];
  return (
    <div class="body outcome">
      <p class="bad">{why}</p>
      {parcel.said && <p>{fill(texts.refused, { said: parcel.said })}</p>}
      <pre dir="auto">{plainText(parcel.report)}</pre>
      <div class="bar">
        <CopyLink room={room} parcel={parcel} />
        <button class="link" onClick={() => void room.discard(parcel)}>
          {texts.discard}
        </button>
        <button class="send" onClick={() => void room.reopen(parcel)}>
          {texts.reopen}
        </button>
      </div>
    </div>
  );
}

function Another({ room }: { room: RoomModel }) {
  return (
    <button class="link" onClick={() => room.another()}>
      {room.texts.another}
    </button>
  );
}

function CopyLink({ room, parcel }: { room: RoomModel; parcel: Parcel }) {
  return (
    <button class="link" onClick={() => void copy(room, plainText(parcel.report))}>
      {room.said === room.texts.copied ? room.texts.copied : room.texts.copy}
    </button>
  );
}
