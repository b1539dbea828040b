import type { Options } from "../types";
import { scrubPath, scrubText, scrubUrl } from "./scrub";

/** One thing that goes along, as the reporter sees it; `fields` is what it adds to the report's context. */
export interface Part {
  id: string;
  /** The text key of its name. */
  label: "partPage" | "partBrowser" | "partLanguage" | "partScreen" | "partError" | "partExtra";
  shown: string;
  fields: Record<string, unknown>;
}

export interface Surroundings {
  href: string;
  userAgent: string;
  language: string;
  width: number;
  height: number;
  touch: boolean;
  errors: string[];
  extra: Record<string, unknown> | null;
}

export function surroundings(options: Options, errors: string[]): Surroundings {
  return {
    href: location.href,
    userAgent: navigator.userAgent,
    language: navigator.language,
    width: innerWidth,
    height: innerHeight,
    touch: navigator.maxTouchPoints > 0,
    errors,
    extra: options.extra,
  };
}

/** What goes along, part by part (Patchrooms, "Context"), secrets cut. Nothing else is ever collected. */
export function partsOf(around: Surroundings): Part[] {
  const url = scrubUrl(around.href);
  const page = new URL(around.href);
  const viewport = { width: around.width, height: around.height };
  const device = deviceOf(around);
  const parts: Part[] = [
    { id: "page", label: "partPage", shown: url, fields: { url, pathname: scrubPath(page.pathname), host: page.host } },
    { id: "browser", label: "partBrowser", shown: around.userAgent, fields: { userAgent: around.userAgent } },
    { id: "language", label: "partLanguage", shown: around.language, fields: { language: around.language } },
    {
      id: "screen",
      label: "partScreen",
      shown: `${viewport.width} × ${viewport.height}, ${device}`,
      fields: { viewport, device },
    },
  ];
  for (const message of around.errors) {
    // Cut behind the scrubbing: half a secret looks like none.
    const shown = scrubText(message).slice(0, 2_000);
    parts.push({
      // Not by its place, which changes with the next error.
      id: `error ${shown}`,
      label: "partError",
      shown,
      fields: { consoleErrors: [shown] },
    });
  }
  const extra = asJson(around.extra);
  if (extra !== null)
    parts.push({ id: "extra", label: "partExtra", shown: JSON.stringify(extra, null, 1), fields: { extra } });
  return parts;
}

/** The context that is sent: the parts that the reporter left in. */
export function contextOf(parts: readonly Part[], left: ReadonlySet<string>, now: Date): Record<string, unknown> {
  const context: Record<string, unknown> = {};
  const consoleErrors: unknown[] = [];
  for (const part of parts) {
    if (left.has(part.id)) continue;
    if (part.label === "partError") consoleErrors.push(...(part.fields.consoleErrors as unknown[]));
    else Object.assign(context, part.fields);
  }
  return { ...context, timestamp: now.toISOString(), consoleErrors };
}

/** Keeps a context under a limit of bytes: the oldest console errors go first, then `extra`. */
export function withinBytes(context: Record<string, unknown>, limit: number): Record<string, unknown> {
  const kept = { ...context };
  const size = (): number => new TextEncoder().encode(JSON.stringify(kept)).length;
  while (Array.isArray(kept.consoleErrors) && kept.consoleErrors.length > 0 && size() > limit)
    kept.consoleErrors = kept.consoleErrors.slice(1);
  if (size() > limit) delete kept.extra;
  return kept;
}

export function deviceOf(around: Pick<Surroundings, "userAgent" | "width" | "touch">): "desktop" | "tablet" | "mobile" {
  const agent = around.userAgent;
  if (/iPad|Tablet|PlayBook|Silk(?!.*Mobile)|Android(?!.*Mobile)/i.test(agent)) return "tablet";
  if (/Mobi|iPhone|iPod/i.test(agent)) return "mobile";
  // iPads call themselves Macs; Macs have no touch screen.
  return around.touch && /Macintosh/.test(agent) ? "tablet" : "desktop";
}

/** Only what survives JSON; a page may hand over anything. */
function asJson(value: unknown): unknown {
  try {
    return value === null || value === undefined ? null : JSON.parse(JSON.stringify(value));
  } catch {
    return null;
  }
}
