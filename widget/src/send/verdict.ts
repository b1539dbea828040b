/** What an answer means for a report that was sent. */

export type Failure = "refused" | "blocked" | "unknown" | "large" | "type" | "paused";

export type Verdict =
  | { kind: "sent"; answer: Answer }
  | { kind: "again"; afterMs: number | null }
  | { kind: "final"; failure: Failure; said: string };

export interface Answer {
  id: string;
  channelKey: string | null;
  status: string;
  /** Where the reporter follows the report without an account; null where the server has no such page. */
  receiptUrl: string | null;
}

export interface Heard {
  status: number;
  retryAfter: string | null;
  body: unknown;
}

/** Everything that may pass by itself is tried again; what never will is told plainly and tried no more. */
export function judge(heard: Heard, now: number): Verdict {
  const { status } = heard;
  if (status >= 200 && status < 300) {
    const answer = answerOf(heard.body);
    // A 2xx that names no report is some proxy's page, not our server: the report isn't stored.
    return answer ? { kind: "sent", answer } : { kind: "again", afterMs: null };
  }
  const passes = status < 400 || status === 408 || status === 425 || status === 429 || status >= 500;
  if (passes) return { kind: "again", afterMs: retryAfter(heard.retryAfter, now) };
  const said = field(heard.body, "error") ?? "";
  return { kind: "final", failure: failureOf(status, said), said };
}

function failureOf(status: number, said: string): Failure {
  if (status === 403) return /paused/i.test(said) ? "paused" : "blocked";
  if (status === 404) return "unknown";
  if (status === 413) return "large";
  return status === 415 ? "type" : "refused";
}

function answerOf(body: unknown): Answer | null {
  // The Miniback dialect wraps its answers in `data`.
  const data = (body as { data?: unknown } | null)?.data ?? body;
  const id = field(data, "id");
  if (id === null) return null;
  return {
    id,
    channelKey: field(data, "channelKey"),
    status: field(data, "status") ?? "open",
    receiptUrl: field(data, "receiptUrl"),
  };
}

function field(body: unknown, name: string): string | null {
  const value = (body as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** Seconds or a date (RFC 9110, 10.2.3), in milliseconds from now; never more than an hour. */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : null;
}

/** Waits 2 s, 4 s, 8 s … up to 10 minutes, each shortened by up to a half so that pages don't march in step. */
export function backoff(tries: number, random: number): number {
  return Math.round(Math.min(2_000 * 2 ** Math.min(tries, 12), 600_000) * (1 - random / 2));
}
