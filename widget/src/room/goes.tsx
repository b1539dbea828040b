import { h } from "preact";
import type { Texts } from "../i18n/en";
import type { Part } from "../report/context";
import type { RoomModel } from "./model";

/** What goes along, to the letter, each part with a tick that the reporter may take away. */
export function Goes({ room }: { room: RoomModel }) {
  const { texts, draft, parts } = room;
  const left = new Set(draft.left);
  const toggle = (id: string): void => {
    if (!left.delete(id)) left.add(id);
    room.write({ left: [...left] });
  };
  const { identity } = room.app.options;
  const rows = parts.map((part) => ({ id: part.id, name: texts[part.label], shown: spoken(part, texts) }));
  if (identity) rows.push({ id: "user", name: texts.partUser, shown: identity.userId });
  return (
    <div class="body along">
      <ul>
        {rows.map((row) => (
          <li key={row.id}>
            <label>
              <input type="checkbox" checked={!left.has(row.id)} onChange={() => toggle(row.id)} />
              <b>{row.name}</b>
              <span dir="auto">{row.shown}</span>
            </label>
          </li>
        ))}
      </ul>
      <div class="bar">
        <button class="send" onClick={() => room.set({ view: "write" })}>
          {texts.done}
        </button>
      </div>
    </div>
  );
}

/** The kind of device in the reader's words. */
function spoken({ shown, fields }: Part, texts: Texts): string {
  const device = fields.device as "desktop" | undefined;
  return device ? shown.replace(device, texts[device]) : shown;
}
