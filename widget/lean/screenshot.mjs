// modern-screenshot without what the widget doesn't use: workers, its own fonts, formats, logs and options.
import { readFile } from "node:fs/promises";
import { cut, swap } from "./text.mjs";

const NAME = "modern-screenshot";

/** shot/context.ts makes the context, so that every option is settled. */
const SWAPS = [
  ['context.isEnable("removeAbnormalAttributes")', "true"],
  ['context.isEnable("restoreScrollPosition")', "true"],
  ["const sandbox = getSandBox(context);", "const { sandbox } = context;"],
  [/, (?:context\.)?includeStyleProperties\)/g, ")"],
  [
    "const { ownerWindow, includeStyleProperties, currentParentNodeStyle }",
    "const { ownerWindow, currentParentNodeStyle }",
  ],
  ["if (!svgStyleElement || !ownerWindow)\n    return;", ""],
  ["addWordToFontFamilies?.(content);", ""],
  ["if (copyScrollbar)\n    scrollbarPseudoClasses.forEach(copyBy);", ""],
  [
    "const { backgroundColor, width, height, style: styles } = context;",
    "const { width, height, style: styles } = context;",
  ],
  ['if (backgroundColor)\n    clonedStyle.setProperty("background-color", backgroundColor, "important");', ""],
  ["if (context.filter && !context.filter(child))", "if (!context.filter(child))"],
  ['getDocument(ownerDocument).createElement("img")', 'document.createElement("img")'],
  // What somebody has typed is never drawn.
  ["copyInputValue(node, cloned2);", ""],
  [/if \(style\.get\("background-clip"\)\?\.\[0\] === "text"\) \{[^}]*\}/g, ""],
  [/,?\s*addWordToFontFamilies2?(?=\s*\))/g, ""],
  [/\s+copyScrollbar,/g, ""],
  [/context\.log\.warn\([^;]*\);/g, ""],
  [/if \(IN_SAFARI \|\| IN_FIREFOX\) \{\s*context\.drawImageCount\+\+;\s*\}/g, ""],
  [/\b(?:ownerDocument|svgDefsElement)\?\./g, (found) => found.replace("?", "")],
  [/await onCloneEachNode\?\.\(/g, "onCloneEachNode("],
  // Computed styles are never important.
  [/(style\.get\("[a-z-]+"\))\?\.\[0\]/g, "$1"],
  ['["border-box", ""]', '"border-box"'],
  ['["normal", ""]', '"normal"'],
  ['["clip", ""]', '"clip"'],
  [/style\.forEach\(\(\[value, priority\], name\)/g, "style.forEach((value, name)"],
  ["clonedStyle.setProperty(name, value, priority);", "clonedStyle.setProperty(name, value);"],
  [/\$\{priority \? " !important" : ""\}/, ""],
  [/newValue,\s*style\.getPropertyPriority\(property\)/, "newValue"],
  [/for \(let len = clonedStyle\.length, i = 0; i < len; i\+\+\) \{[^}]*\}/, 'clonedStyle.cssText = "";'],
  // What is said of Chrome does no harm elsewhere.
  ["if (IN_CHROME) {", "{"],
  // Numbers do: the picture has no names but these.
  ["const klasses = [uuid()];", 'const klasses = ["u" + names++];'],
  ['img.loading = "eager";', ""],
  ['isSlotElement(child) && typeof child.assignedNodes === "function"', "isSlotElement(child)"],
  [/contextFetch\(context, \{\s*url: originalSrc,[^}]*\}\)/g, "context.fetchOnce(originalSrc)"],
  [/cloned\.dataset\.originalSrc = originalSrc;/g, ""],
  [/(cloned\.(?:src|href\.baseVal) = url) \|\| ""/g, "$1"],
  // The steps that shot/draw.ts takes one by one.
  [/export \{[^}]*\};/, "export { cloneNode, embedNode };"],
];

const CUTS = [
  ["const uuid = ", "function splitFontFamily(", "let names = 0;\n"],
  // Only an empty one has no address, and one that may not be read gives no pixels either.
  [
    "if (canvas.ownerDocument) {",
    "function cloneIframe(",
    `try {
        const dataURL = canvas.toDataURL();
        if (dataURL !== "data:,") return createImage(dataURL);
      } catch {}
      return canvas.cloneNode(false);
    }\n`,
  ],
  // Where one of `border-top-…` differs, all of them are told; simpler than with a tree.
  [
    "const diffStyle = ",
    "function copyCssStyles(",
    `const kinOf = (name) => name.slice(0, name.lastIndexOf("-") + 1) || name;
      const all = [...style].map((name) => [name, style.getPropertyValue(name)]);
      const changed = new Set(all.filter(([name, value]) => defaultStyle.get(name) !== value).map(([name]) => kinOf(name)));
      return new Map(all.filter(([name]) => changed.has(kinOf(name))));
    }\n`,
  ],
  // Attributes of shapes may as well be told as styles.
  ["const attributes = isSvgNode", "const key = [", ""],
  ["attributes.map((name, value)", "pseudoElement\n  ]", ""],
  ["attributes.forEach(([name, value])", "root.appendChild(el)", ""],
  [
    'style.delete("position");',
    'style.set("box-sizing"',
    "for (const name of [...style.keys()]) if (/^(position$|margin-)/.test(name)) style.delete(name);\n",
  ],
  ["const PREFIX = ", "const isElementNode"],
  [
    "function contextFetch(",
    "const properties = [",
    `async function replaceCssUrlToDataUrl(text, _base, context) {
      for (const [, , url] of text.matchAll(/url\\((['"]?)([^'"]+?)\\1\\)/g))
        if (!isDataUrl(url)) text = text.replaceAll(url, await context.fetchOnce(url));
      return text;
    }\n`,
  ],
  // It parses what it fetched as HTML, which Trusted Types forbid.
  [
    "} else if (svgUrl) {\n      return [\n        contextFetch(",
    "return [];\n}\n\nfunction embedNode(",
    "} else if (svgUrl) return [context.define(svgUrl, id)];\n }\n",
  ],
  // Computed styles tell whole addresses.
  ["function resolveUrl(", "function getDocument(", "const resolveUrl = (url) => url;\n"],
  ["const textTransform = style.get", "copyPseudoClass(\n      node"],
  ["let copyScrollbar = false;", "copyPseudoClass(\n      node"],
  ["if (addWordToFontFamilies && ", "return ownerDocument.createTextNode(node.data)"],
  [
    "try {\n      cloned.className =",
    "const cssText = cloneStyle.join",
    "cloned.setAttribute('class', [cloned.getAttribute('class'), klasses[0]].join(' '));\n",
  ],
  // It loads the film anew and seeks; what is shown now is in the element already.
  [
    "async function cloneVideo(",
    "function cloneElement(",
    `function cloneVideo(video, context) {
      if (video.readyState < 2 && video.poster) return createImage(video.poster);
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      return cloneCanvas(canvas, context);
    }\n`,
  ],
];

export const leanScreenshot = {
  name: "lean-screenshot",
  setup(build) {
    build.onLoad({ filter: /modern-screenshot[\\/]dist[\\/]index\.mjs$/ }, async ({ path }) => {
      let text = await readFile(path, "utf8");
      for (const [from, until, to] of CUTS) text = cut(NAME, text, from, until, to);
      for (const [from, to] of SWAPS) text = swap(NAME, text, from, to);
      return { contents: text, loader: "js" };
    });
  },
};
