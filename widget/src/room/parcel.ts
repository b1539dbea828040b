import { contextOf, type Part } from "../report/context";
import { newId } from "../report/uuid";
import type { Parcel } from "../send/store";
import type { App, Block, LocalReport, Report } from "../types";
import type { Draft, DraftBlock } from "./draft";

export const MOST_BLOCKS = 50;
export const TEXT_LENGTH = 10_000;

/** The draft with what still stands in the writing box as its last block. */
export function settled(draft: Draft): Draft {
  const text = draft.text.trim().slice(0, TEXT_LENGTH);
  if (!text) return draft;
  return { ...draft, text: "", blocks: [...draft.blocks, { id: newId(), type: "text", text }] };
}

/** A report and its files, as ingest takes them (Patchrooms, "Ingest"). */
export function reportOf(
  app: Pick<App, "options">,
  draft: Draft,
  parts: readonly Part[],
  clientId: string,
  now: Date,
): { report: Report; files: Record<string, Blob> } {
  const files: Record<string, Blob> = {};
  const left = new Set(draft.left);
  const blocks = draft.blocks.map((block) => blockOf(block, files, !left.has("page")));
  const context = contextOf(parts, left, now);
  const reporter = {
    ...(draft.name.trim() && { name: draft.name.trim() }),
    ...(draft.mail.trim() && { email: draft.mail.trim() }),
  };
  if (Object.keys(reporter).length > 0) context.reporter = reporter;
  const report: Report = { clientId, blocks, context };
  if (draft.channel) report.channelKey = draft.channel;
  const { identity, artifact } = app.options;
  if (identity && !left.has("user")) report.identity = identity;
  if (artifact) report.artifact = artifact;
  return { report, files };
}

function blockOf(block: DraftBlock, files: Record<string, Blob>, withPage: boolean): Block {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "screenshot": {
      const file = `scr_${short(block.id)}.${block.blob.type === "image/jpeg" ? "jpg" : "png"}`;
      files[file] = block.blob;
      return { type: "screenshot", file, width: block.width, height: block.height };
    }
    case "audio": {
      const file = `aud_${short(block.id)}.${block.blob.type.startsWith("audio/mp4") ? "mp4" : "webm"}`;
      files[file] = block.blob;
      return { type: "audio", file, durationMs: block.durationMs };
    }
    case "selection": {
      const { quote, selector, url } = block;
      return { type: "selection", quote, ...(selector && { selector }), ...(withPage && url && { url }) };
    }
  }
}

/** The way back: a block that was to be sent, as one that can be edited. */
export function draftBlockOf(block: Block, files: Record<string, Blob>): DraftBlock {
  const id = newId();
  switch (block.type) {
    case "text":
      return { id, ...block };
    case "selection":
      return { id, type: "selection", quote: block.quote, selector: block.selector ?? null, url: block.url ?? "" };
    case "screenshot": {
      const { file, width, height } = block;
      return { id, type: "screenshot", blob: files[file] ?? new Blob(), width, height, masked: null };
    }
    case "audio":
      return { id, type: "audio", blob: files[block.file] ?? new Blob(), durationMs: block.durationMs };
  }
}

const short = (id: string): string => id.slice(-8);

export function parcelOf(app: App, report: Report, files: Record<string, Blob>, now: number): Parcel {
  const projectKey = app.project.key ?? "";
  return {
    id: report.clientId,
    address:
      app.dress === "miniback"
        ? `${app.api}/api/feedback`
        : `${app.api}/api/v1/ingest/${encodeURIComponent(projectKey)}`,
    dress: app.dress,
    projectKey,
    report,
    files,
    madeAt: now,
    tries: 0,
    nextAt: 0,
    state: "waiting",
  };
}

/** A report for local mode: the files inside, as data URLs. */
export async function localReportOf(report: Report, files: Record<string, Blob>, now: Date): Promise<LocalReport> {
  const blocks: LocalReport["blocks"] = [];
  for (const block of report.blocks) {
    const file = "file" in block ? files[block.file] : undefined;
    blocks.push(file ? { ...block, url: await dataUrl(file) } : { ...block });
  }
  const { identity, artifact } = report;
  return {
    id: report.clientId.replaceAll("-", "").slice(0, 24),
    channelKey: report.channelKey ?? null,
    status: "open",
    blocks,
    context: report.context,
    identity: identity ? { userId: identity.userId, verified: false } : null,
    ...(artifact && { artifact }),
    createdAt: now.toISOString(),
  };
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
