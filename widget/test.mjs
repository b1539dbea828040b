// Bundles the unit tests, which are TypeScript, and runs them with Node's own runner.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, ".tested");
rmSync(out, { recursive: true, force: true });
const tests = readdirSync(join(here, "test/unit")).map((file) => join(here, "test/unit", file));
await build({
  entryPoints: tests,
  outdir: out,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  outExtension: { ".js": ".mjs" },
  external: ["fake-indexeddb"],
  logLevel: "warning",
});
const files = readdirSync(out).map((file) => join(out, file));
process.exit(spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1);
