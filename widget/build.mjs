// Bundles the widget into the Python package: chunks first, then the loaders that know the chunks' names.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import zopfli from "@gfx/zopfli";
import { build } from "esbuild";
import { minify } from "terser";
import { leanFinder } from "./lean/finder.mjs";
import { SHORTENED, shortVariables } from "./lean/names.mjs";
import { leanPreact } from "./lean/preact.mjs";
import { leanScreenshot } from "./lean/screenshot.mjs";
import { leanStyles } from "./lean/styles.mjs";
import { bareTexts, textKeys } from "./lean/texts.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const DIST = join(here, "../src/backroom/web/widget/dist");
const MAKING = `${DIST}.new`;
const LANGUAGES = ["en", "ru", "de", "fr", "es", "pt", "ja", "zh", "ar"];

const common = {
  absWorkingDir: here,
  bundle: true,
  minifySyntax: true,
  charset: "utf8",
  legalComments: "none",
  target: ["es2022", "safari16.4"],
  outdir: DIST,
  entryNames: "[name]",
  jsx: "transform",
  jsxFactory: "h",
  jsxFragment: "Fragment",
  metafile: true,
  logLevel: "warning",
  write: false,
};

/** Properties that are shortened are so in every bundle alike. */
const nameCache = {};

/** esbuild bundles; terser, which it doesn't replace, takes off another twentieth. Returns code by entry name. */
async function bundle(options) {
  const made = await build({
    ...common,
    ...options,
    plugins: [leanFinder, leanPreact, leanScreenshot, leanStyles, bareTexts],
  });
  const bundles = {};
  for (const file of made.outputFiles) {
    delete nameCache.vars;
    const { code } = await minify(shortVariables(file.text), {
      module: options.format === "esm",
      ecma: 2020,
      compress: {
        passes: 4,
        inline: 1,
        unsafe: true,
        unsafe_arrows: true,
        unsafe_methods: true,
        pure_getters: true,
        unsafe_comps: true,
        keep_fargs: false,
      },
      mangle: { toplevel: true, properties: { regex: SHORTENED } },
      nameCache,
      format: { comments: false },
    });
    const { entryPoint } = made.metafile.outputs[relative(here, file.path).replaceAll("\\", "/")];
    bundles[basename(entryPoint).replace(/\.tsx?$/, "")] = code;
  }
  return bundles;
}

const hashOf = (text) => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** Writes beside each file the same as gzip, a twenty-fifth smaller than a server would make it on the way. */
async function zip(names) {
  for (const name of Object.values(names)) {
    const zipped = await zopfli.gzipAsync(await readFile(join(MAKING, name)), { numiterations: 15 });
    await writeFile(join(MAKING, `${name}.gz`), zipped);
  }
}

/** Writes bundles under names that end in `hash`, or each in its own; returns the names. */
async function written(bundles, hash) {
  const names = {};
  for (const [name, code] of Object.entries(bundles)) {
    names[name] = `${name}-${hash ?? hashOf(code)}.js`;
    await writeFile(join(MAKING, names[name]), code);
  }
  return names;
}

const languages = await bundle({ format: "esm", entryPoints: LANGUAGES.map((name) => `src/i18n/${name}.ts`) });
const chunks = await bundle({
  format: "esm",
  entryPoints: ["src/room/room.tsx", "src/tools.ts"],
  define: { __TEXT_KEYS__: JSON.stringify((await textKeys()).join(" ")) },
});
const hash = hashOf(JSON.stringify([languages, chunks]));
const loaders = await bundle({
  format: "iife",
  entryPoints: ["src/entry/patchrooms.ts", "src/entry/miniback.ts"],
  define: { __BUILD__: JSON.stringify(hash) },
});

await rm(MAKING, { recursive: true, force: true });
await mkdir(MAKING, { recursive: true });
const manifest = {
  loaders: await written(loaders),
  chunks: await written(chunks, hash),
  languages: await written(languages, hash),
};
// Loaders are sent with each project's own settings in them.
await zip({ ...manifest.chunks, ...manifest.languages });
await writeFile(join(MAKING, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
// Whoever reads the folder meanwhile finds the old one or the new one, whole.
await rm(DIST, { recursive: true, force: true });
await rename(MAKING, DIST);
