// @medv/finder with its choices made: no options but the root and two limits, and no second way when it finds
// nothing in time, which pick/selector.ts has.
import { readFile } from "node:fs/promises";
import { cut, swap } from "./text.mjs";

const NAME = "@medv/finder";

const EDITS = [
  [cut, "/** Check if id name", "/** Finds unique CSS"],
  [cut, "if (input.nodeType !== Node.ELEMENT_NODE) {", "if (input.tagName.toLowerCase() === 'html')"],
  [
    cut,
    "const defaults = {",
    "let foundPath;",
    "const rootDocument = options.root;\nconst until = Date.now() + 400;\n",
  ],
  [
    cut,
    "const elapsedTimeMs = new Date().getTime() - startTime.getTime();\n        if (elapsedTimeMs > config.timeoutMs ||",
    "count++;",
    "if (count >= 2_000) break;\n",
  ],
  [
    cut,
    "const elapsedTimeMs = new Date().getTime() - startTime.getTime();\n            if",
    "const newPath =",
    "if (Date.now() > until) return;\n",
  ],
  [swap, "path.length > 2 && path.length > config.optimizedMinLength", "path.length > 2"],
  [swap, "config.seedMinLength", "3"],
  [swap, /startTime\)/g, "until)"],
  [swap, /\bconfig, /g, ""],
  [swap, "tie(current, config)", "tie(current)"],
  [swap, "tie(element, config)", "tie(element)"],
  [
    cut,
    "switch (rootDocument.querySelectorAll",
    "function* optimize(",
    "return rootDocument.querySelectorAll(css).length === 1;\n}\n",
  ],
  [cut, "if (!foundPath) {", "const optimized ="],
  [swap, /config\.(?:idName|className)\(/g, "wordLike("],
  [swap, "config.attr(attr.name, attr.value)", "isTelling(attr.name, attr.value)"],
  [swap, "export function attr(name, value)", "function isTelling(name, value)"],
  [swap, "if (config.tagName(tagName)) {", "{"],
];

export const leanFinder = {
  name: "lean-finder",
  setup(build) {
    build.onLoad({ filter: /@medv[\\/]finder[\\/]finder\.js$/ }, async ({ path }) => {
      let text = await readFile(path, "utf8");
      for (const [edit, ...how] of EDITS) text = edit(NAME, text, ...how);
      return { contents: text, loader: "js" };
    });
  },
};
