/** The Markdown of reports in local mode: the same as the server's, by the examples that both are held against. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { reportAsMarkdown, reportsAsMarkdown, titleOf } from "../../src/report/markdown";
import type { LocalReport } from "../../src/types";

const EXAMPLES = new URL("../../tests/reports/markdown/", import.meta.url);

interface Example {
  report: LocalReport & { title: string };
  names: Record<string, string>;
}

/** The report as local mode keeps it: its files have names already. */
function kept({ report, names }: Example): LocalReport {
  const blocks = report.blocks.map((block) =>
    typeof block.url === "string" && block.type !== "selection"
      ? { ...block, file: names[block.url]?.replace("blob/", "") }
      : block,
  );
  return { ...report, blocks };
}

const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith(".json"));
assert.ok(examples.length > 5);
for (const name of examples) {
  test(`Markdown as the server writes it: ${name}`, () => {
    const example: Example = JSON.parse(readFileSync(new URL(name, EXAMPLES), "utf8"));
    const wanted = readFileSync(new URL(name.replace(".json", ".md"), EXAMPLES), "utf8");
    assert.equal(reportAsMarkdown(kept(example), example.report.artifact ?? null), wanted);
    assert.equal(titleOf(example.report), example.report.title);
  });
}

test("several reports stand apart, each with its own artifact or that of the page", () => {
  const report: LocalReport = {
    id: "6a1fea8e4f1c9ab3d5e05da7",
    channelKey: null,
    status: "open",
    blocks: [],
    context: {},
    identity: null,
    createdAt: "2026-06-03T09:14:22.000Z",
  };
  const own = { ...report, artifact: { id: "b", title: "Own" } };
  const heads = reportsAsMarkdown([report, own], { id: "a", title: "The page's" }).match(/(?:^|\n\n)## .*/g);
  assert.deepEqual(heads, ["## Report — The page's", "\n\n## Report — Own"]);
});
