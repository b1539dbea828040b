import type { Artifact, LocalReport } from "../types";

/** What may be in a block or a context; each has some of it. */
type Facts = Record<string, string | undefined>;

/**
 * Reports as Markdown for an agent (Patchrooms, "Export"), as the server writes them: `reports/markdown.py` says why
 * words are fenced and escaped, and the examples in `tests/reports/markdown` hold the two together.
 */
export function reportsAsMarkdown(reports: readonly LocalReport[], artifact: Artifact | null): string {
  return reports.map((report) => reportAsMarkdown(report, report.artifact ?? artifact)).join("\n");
}

export function reportAsMarkdown(report: LocalReport, artifact: Artifact | null): string {
  const named = (label: string, text?: string | null) => text && `**${label}:** ${escaped(text)}`;
  const head = [
    `## Report — ${escaped(artifact?.title || titleOf(report))}`,
    joined([named("Tool", artifact?.tool), named("Goal", artifact?.goal)], "   "),
    ...[artifact?.constraints].flat().map((text) => named("Constraint", text)),
  ];
  return `${joined([joined(head), joined(report.blocks.flatMap(saidIn)), joined(factsOf(report))], "\n\n")}\n`;
}

function saidIn(block: LocalReport["blocks"][number]) {
  const { text, selector, quote, file } = block as Facts;
  // Voice notes are shorter than ten minutes.
  const length = block.durationMs && ` (${new Date(block.durationMs as number).toISOString().slice(15, 19)})`;
  return [
    said("Comment", text),
    coded("Element", selector),
    said("Quote", quote),
    file && line(length ? "Voice note" : "Screenshot", `blob/${file}${length || ""}`),
  ];
}

function factsOf({ context, identity, id, channelKey, status, createdAt }: LocalReport) {
  const { url, userAgent, language } = context as Facts;
  const viewport = context.viewport as { width: number; height: number } | undefined;
  const { consoleErrors, extra } = context as { consoleErrors?: string[]; extra?: object };
  return [
    coded("Page", url),
    coded("Browser", userAgent),
    viewport && line("Viewport", `${viewport.width} x ${viewport.height}`),
    coded("Language", language),
    identity && coded("Reporter", identity.userId, ` (${identity.verified ? "" : "not "}verified)`),
    line("Report", `${id}, ${channelKey ? `channel ${channelKey}, ` : ""}${status}, ${createdAt}`),
    fenced("Console errors", seen(consoleErrors?.join("\n"))),
    fenced("Extra", seen(JSON.stringify(extra)), "json"),
  ];
}

/** First line of the first text that has words, else of a quote; 80 characters (Patchrooms, "MCP"). */
export function titleOf({ blocks }: Pick<LocalReport, "blocks">): string {
  const words = [...blocks.map((block) => block.text), ...blocks.map((block) => block.quote)] as string[];
  const title = words.map((text) => seen(text).split("\n")[0]).find(Boolean) ?? "Untitled report";
  return [...title].slice(0, 80).join("");
}

function said(label: string, words?: string): string {
  const text = seen(words);
  return text === escaped(text) && [...text].length <= 300 ? line(label, text) : fenced(label, text);
}

function fenced(label: string, text: string, kind = "text"): string {
  const marks = marksAround(text, "```");
  return (
    text && `- **${label}:**\n${marks}${kind}\n${text}\n${marks}`.replace(/\n/g, "\n  ").replace(/[^\S\n]+$/gm, "")
  );
}

function coded(label: string, words?: string, more = ""): string {
  const text = onOneLine(words);
  const marks = marksAround(text, "`");
  return line(label, text && [marks, text, marks].join(marks[1] ? " " : "") + more);
}

const line = (label: string, text: string): string => text && `- **${label}:** ${text}`;
const joined = (parts: unknown[], between = "\n"): string => parts.filter(Boolean).join(between);
const escaped = (text: string): string => onOneLine(text).replace(/[\\`*_[\]<>#|~&@$!]/g, "\\$&");
const onOneLine = (text?: string): string => seen(text).replace(/[\t\n]+/g, " ");

/** As many backticks, or more than the text has in a row. */
function marksAround(text: string, marks: string): string {
  return text.includes(marks) ? marksAround(text, `${marks}\``) : marks;
}

/** The text as people see it, with line feeds alone: no control characters, and none that only a model would read. */
const seen = (text = ""): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/(?![\t\n\u200c\u200d]|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{DI}\u2800]/gu, "")
    // A choice of emoji stays behind a symbol, a joiner between emoji, or letters of a script that joins.
    .replace(
      /((?:[\u203c-\u3299\u{1f000}-\u{1faff}][\ufe0e\ufe0f]|[\u0590-\u1fff\u203c-\ufdff\u{10000}-\u{1ffff}])(?:[\u200c\u200d](?=[\u0590-\u1fff\u203c-\ufdff\u{10000}-\u{1ffff}]))?)|[\ufe0e\ufe0f]|[\u200c\u200d]/gu,
      "$1",
    )
    .trim();
