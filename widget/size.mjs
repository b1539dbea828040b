// Measures what a visitor downloads, gzipped, and fails over the limits.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMITS = { closed: 15_000, opened: 40_000 };
const DIST = join(dirname(fileURLToPath(import.meta.url)), "../src/backroom/web/widget/dist");
const { loaders, chunks, languages } = JSON.parse(readFileSync(join(DIST, "manifest.json"), "utf8"));

const size = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length;
const sizes = (files) => Object.entries(files).map(([name, file]) => [name, size(file)]);
const sum = (list) => list.reduce((total, [, n]) => total + n, 0);
const all = { loaders: sizes(loaders), chunks: sizes(chunks), languages: sizes(languages) };
for (const [kind, list] of Object.entries(all))
  for (const [name, n] of list) console.log(`${String(n).padStart(7)}  ${kind}/${name}`);

const closed = Math.max(...all.loaders.map(([, n]) => n));
// What opening the room and using every tool adds, for a reporter who reads English. Other languages are files
// of their own, loaded instead of it.
const opened = sum(all.chunks) + all.languages.find(([name]) => name === "en")[1];
console.log(`before the room is opened: ${closed} of ${LIMITS.closed}`);
console.log(`the room with every tool: ${opened} of ${LIMITS.opened}`);
console.log(`both: ${closed + opened}`);
if (closed > LIMITS.closed || opened > LIMITS.opened) {
  console.error("The widget has grown over its limit.");
  process.exit(1);
}
