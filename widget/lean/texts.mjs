// Languages go out as lists of texts, in the order of the keys that the room's bundle has once for all of them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { transform } from "esbuild";
import { keepNames } from "./names.mjs";

const FOLDER = join(import.meta.dirname, "../src/i18n");

async function textsOf(path) {
  const { code } = await transform(await readFile(path, "utf8"), { loader: "ts", format: "esm" });
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)).default;
}

export async function textKeys() {
  const texts = await textsOf(join(FOLDER, "en.ts"));
  const holes = Object.values(texts).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  keepNames([...Object.keys(texts), ...holes]);
  return Object.keys(texts);
}

export const bareTexts = {
  name: "bare-texts",
  setup(build) {
    build.onLoad({ filter: /[\\/]i18n[\\/]\w+\.ts$/ }, async ({ path }) => {
      const texts = await textsOf(path);
      const list = (await textKeys()).map((key) => texts[key]);
      return { contents: `export default ${JSON.stringify(list)}`, loader: "js" };
    });
  },
};
