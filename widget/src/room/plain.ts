import type { Report } from "../types";

/** A report as plain text, for a reporter who must carry it elsewhere by hand. */
export function plainText(report: Report): string {
  const lines = report.blocks.map((block) => {
    if (block.type === "text") return block.text;
    if (block.type === "selection")
      return [block.quote && `“${block.quote}”`, block.selector].filter(Boolean).join("\n");
    return `[${block.file}]`;
  });
  const { url, userAgent } = report.context;
  return [...lines, [url, userAgent].filter((line) => typeof line === "string").join("\n")]
    .filter(Boolean)
    .join("\n\n");
}
