// Measures what a visitor downloads, gzipped, and fails over the limits.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMITS = { closed: 15_000, everything: 40_000 };
const DIST = join(dirname(fileURLToPath(import.meta.url)), "../src/backroom/web/widget/dist");
const { loaders, chunks, languages } = JSON.parse(readFileSync(join(DIST, "manifest.json"), "utf8"));

const sent = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length;
const kept = (file) => readFileSync(join(DIST, `${file}.gz`)).length;
const sizes = (files, size) => Object.fromEntries(Object.entries(files).map(([name, file]) => [name, size(file)]));
const sum = (numbers) => Object.values(numbers).reduce((total, n) => total + n, 0);
const all = { loaders: sizes(loaders, sent), chunks: sizes(chunks, kept), languages: sizes(languages, kept) };
for (const [kind, list] of Object.entries(all))
  for (const [name, n] of Object.entries(list)) console.log(`${String(n).padStart(7)}  ${kind}/${name}`);

const closed = Math.max(...Object.values(all.loaders));
// The room, its tools and one language, the one with the longest words; a page never loads two of them.
const language = Math.max(...Object.values(all.languages));
const everything = closed + sum(all.chunks) + language;
console.log(`${String(closed).padStart(7)}  before the room is opened, of ${LIMITS.closed}`);
console.log(
  `${String(everything).padStart(7)}  with everything loaded, in the longest language, of ${LIMITS.everything}`,
);
if (closed > LIMITS.closed || everything > LIMITS.everything) {
  console.error("The widget has grown over its limit.");
  process.exit(1);
}
