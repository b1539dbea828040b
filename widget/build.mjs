// Bundles the widget into the Python package: chunks first, then the loaders that know the chunks' names.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
export const DIST = join(here, "../src/backroom/web/widget/dist");

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
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
};

/**
 * Leaves out of modern-screenshot what isn't used: its font embedding, which needs inline styles (shot/fonts.ts
 * does that), and its timing logs. Stops the build where a new version reads differently.
 */
const lean = {
  name: "lean",
  setup(build) {
    build.onLoad({ filter: /modern-screenshot\/dist\/index\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const call = "await embedWebFont(clone, context);";
      if (!source.includes(call)) throw new Error("modern-screenshot has changed: look at build.mjs, `lean`");
      const contents = source.replace(call, "").replace(/(?:context\.)?\blog\.time(?:End)?\([^)]*\);/g, "");
      return { contents, loader: "js" };
    });
  },
};

/** esbuild bundles; terser, which it doesn't replace, takes off another twentieth. */
async function bundle(options) {
  const { outputFiles, metafile } = await build({ ...common, ...options, plugins: [lean], write: false });
  const names = {};
  for (const file of outputFiles) {
    const module = options.format === "esm";
    const squeezed = await minify(file.text, {
      module,
      ecma: 2020,
      compress: { passes: 3, unsafe_arrows: true },
      format: { comments: false },
    });
    const { entryPoint } = metafile.outputs[relative(here, file.path).replaceAll("\\", "/")];
    const logical = basename(entryPoint).replace(/\.tsx?$/, "");
    const hash = createHash("sha256").update(squeezed.code).digest("hex").slice(0, 10);
    names[logical] = `${logical}-${hash}.js`;
    await writeFile(join(DIST, names[logical]), squeezed.code);
  }
  return names;
}

const known = (names) => ({ __CHUNKS__: JSON.stringify(names) });
const LANGUAGES = ["en", "ru", "de", "fr", "es", "pt", "ja", "zh", "ar"];

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
const languages = await bundle({ format: "esm", entryPoints: LANGUAGES.map((name) => `src/i18n/${name}.ts`) });
const chunks = await bundle({ format: "esm", entryPoints: ["src/room/room.tsx", "src/tools.ts"] });
const loaders = await bundle({
  format: "iife",
  entryPoints: ["src/entry/patchrooms.ts", "src/entry/miniback.ts"],
  define: known({ ...chunks, ...languages }),
});
const manifest = { loaders, chunks, languages };
await writeFile(join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
