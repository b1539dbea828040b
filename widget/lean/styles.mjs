// Style sheets go out without the line breaks that make them readable.
import { readFile } from "node:fs/promises";

export const leanStyles = {
  name: "lean-styles",
  setup(build) {
    build.onLoad({ filter: /-css\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(/([{}`])\n(?=[^\n])/g, "$1"),
      loader: "ts",
    }));
  },
};
