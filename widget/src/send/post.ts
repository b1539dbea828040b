import { withinBytes } from "../report/context";
import { bare } from "../stage/own";
import type { Report } from "../types";
import type { Parcel } from "./store";
import type { Heard } from "./verdict";

const TIMEOUT = 60_000;
/** The server's limit for a Miniback context is 16 KB, for a Patchrooms context 64 KB. */
const MINIBACK_CONTEXT = 15_000;
const PATCHROOMS_CONTEXT = 60_000;

/** Sends one report. Rejects when nothing was heard: no network, a blocker, a Content-Security-Policy. */
export async function post(parcel: Parcel): Promise<Heard> {
  const answer = await fetch(
    parcel.address,
    bare<RequestInit>({
      method: "POST",
      ...body(parcel),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT),
    }),
  );
  return {
    status: answer.status,
    retryAfter: answer.headers.get("retry-after"),
    body: await answer.json().catch(() => null),
  };
}

export function body(parcel: Parcel): { body: string | FormData; headers: Record<string, string> } {
  if (parcel.dress === "miniback") return minibackBody(parcel);
  const report = { ...parcel.report, context: withinBytes(parcel.report.context, PATCHROOMS_CONTEXT) };
  const names = Object.keys(parcel.files);
  // As plain text: a page then needs no leave to send, and where it has none, it may read so.
  if (names.length === 0) return { body: JSON.stringify(report), headers: bare({}) };
  const form = new FormData();
  form.append("report", new Blob([JSON.stringify(report)], { type: "application/json" }), "report.json");
  for (const name of names) form.append(name, parcel.files[name] as Blob, name);
  return { body: form, headers: bare({}) };
}

function minibackBody(parcel: Parcel): { body: string; headers: Record<string, string> } {
  return {
    body: JSON.stringify({
      message: messageOf(parcel.report),
      projectSlug: parcel.projectKey,
      context: withinBytes(parcel.report.context, MINIBACK_CONTEXT),
    }),
    headers: bare({
      "content-type": "application/json",
      "x-feedback-source": "widget",
      "idempotency-key": parcel.report.clientId,
    }),
  };
}

export function messageOf(report: Report): string {
  return report.blocks
    .map((block) => (block.type === "text" ? block.text : ""))
    .filter(Boolean)
    .join("\n\n");
}
