import type { Artifact, LocalReport } from "../types";

/** Reports as Markdown for an agent (Patchrooms, "Export"). */
export function reportsAsMarkdown(reports: readonly LocalReport[], artifact: Artifact | null): string {
  return `${reports.map((report) => reportAsMarkdown(report, report.artifact ?? artifact)).join("\n")}`;
}

export function reportAsMarkdown(report: LocalReport, artifact: Artifact | null): string {
  const lines = [`## Report — ${line(artifact?.title ?? titleOf(report))}`];
  const about = [
    artifact?.tool ? `**Tool:** ${line(artifact.tool)}` : "",
    artifact?.goal ? `**Goal:** ${line(artifact.goal)}` : "",
  ].filter(Boolean);
  if (about.length) lines.push(about.join("   "));
  for (const constraint of [artifact?.constraints ?? []].flat()) lines.push(`**Constraint:** ${line(constraint)}`);
  lines.push("");
  for (const block of report.blocks) lines.push(...blockLines(block));
  const url = report.context.url;
  if (typeof url === "string" && !artifact) lines.push(`- **Page:** ${line(url)}`);
  return `${lines.join("\n")}\n`;
}

function blockLines(block: LocalReport["blocks"][number]): string[] {
  const text = (name: string): string => (typeof block[name] === "string" ? (block[name] as string) : "");
  switch (block.type) {
    case "text":
      return [`- **Comment:** ${indented(text("text"))}`];
    case "selection": {
      const lines: string[] = [];
      if (text("selector")) lines.push(`- **Element:** \`${line(text("selector")).replaceAll("`", "'")}\``);
      if (text("quote")) lines.push(`- **Quote:** “${line(text("quote"))}”`);
      return lines;
    }
    case "screenshot":
      return [`- **Screenshot:** blob/${text("file")}`];
    case "audio":
      return [`- **Voice note:** blob/${text("file")}`];
    default:
      return [];
  }
}

/** First line of the first text, else the quote, else `Untitled report`; 80 characters (Patchrooms, "MCP"). */
export function titleOf(report: Pick<LocalReport, "blocks">): string {
  for (const [type, field] of [
    ["text", "text"],
    ["selection", "quote"],
  ] as const) {
    const found = report.blocks.find((block) => block.type === type)?.[field];
    const first = typeof found === "string" ? found.trim().split("\n")[0] : "";
    if (first) return [...first].slice(0, 80).join("");
  }
  return "Untitled report";
}

const line = (text: string): string => text.replace(/\s+/g, " ").trim();
const indented = (text: string): string => text.trim().replace(/\n/g, "\n  ");
