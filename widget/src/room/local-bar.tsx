import { h } from "preact";
import type { LocalReport } from "../types";
import { copy, download, pointAt } from "./acts";
import type { RoomModel } from "./model";
import { fill } from "./texts";

/** Local mode: what is kept in this browser, and the two ways to hand it to an agent. */
export function LocalBar({ room }: { room: RoomModel }) {
  const { app, texts } = room;
  const reports = app.local?.reports() ?? [];
  const { artifact } = app.options;
  if (reports.length === 0) return null;
  const name = (artifact?.id ?? "feedback").replace(/[^\w-]+/g, "-");
  return (
    <div class="local">
      <p>
        <b>{fill(texts.savedCount, { n: reports.length })}</b>
        {app.options.mode && (
          <button class="link" onClick={() => void pointAt(room)}>
            {texts.pick}
          </button>
        )}
      </p>
      <p>
        <button class="stop" onClick={() => void copy(room, app.markdown())}>
          {room.said === texts.copied ? texts.copied : texts.copyFeedback}
        </button>
        <button class="link" onClick={() => download(`${name}.md`, app.markdown() + pictures(reports))}>
          {texts.download}
        </button>
        <button
          class="link"
          onClick={() => {
            app.local?.clear();
            room.changed();
          }}
        >
          {texts.clearAll}
        </button>
      </p>
    </div>
  );
}

/** The pictures themselves, behind everything: a downloaded file has no folder `blob/` beside it. */
function pictures(reports: readonly LocalReport[]): string {
  const lines = reports
    .flatMap((report) => report.blocks)
    .filter((block) => block.type === "screenshot")
    .map((block) => `![blob/${block.file}](${block.url})\n`);
  return lines.length ? `\n## Pictures\n\n${lines.join("\n")}` : "";
}
