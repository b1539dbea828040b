// Runs the browser tests against the built widget: `npm run build && npm run test:browser`.
// CHROMIUM names the browser, where it isn't /usr/bin/chromium.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here).filter((file) => file.endsWith(".test.mjs"));
const wanted = process.argv.slice(2);
const chosen = files.filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)));
const args = ["--test", "--test-concurrency=1", ...chosen.map((file) => join(here, file))];
process.exit(spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1);
