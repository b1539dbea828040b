// Preact from its sources, without what the widget never does: hydration, suspense, portals, contexts, MathML, hooks
// of development tools, life cycle methods other than mounting, updating and unmounting.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { cut, swap } from "./text.mjs";

const EVERYWHERE = [
  // Hooks of options that nobody sets.
  [/\bif \(\(tmp = options\.\w+\)\) tmp\(newVNode\);/g, ""],
  [/\bif \(options\.(?!_catchError)\w+\)\s*options\.\w+\([^)]*\);/g, ""],
  [/\boptions\.(?!_catchError)\w+/g, "undefined"],
  // Nothing is hydrated, and rooms begin empty, so neither parameter is ever anything but null.
  [/^\s*(?:isHydrating|excessDomChildren|globalContext|component\._globalContext),?\s*$/gm, ""],
  [/\b(?:newProps|oldVNode\.props|vnode\.props|parentVNode\.props)\._parentDom\b/g, "false"],
];

const FILES = {
  "index.js": [
    ["cut", "\t// If the previous diff bailed out, resume", "outer: if (typeof newType"],
    ["swap", /tmp = newType\.contextType;[\s\S]*?: globalContext;/, ""],
    ["swap", "new newType(newProps, componentContext)", "new newType(newProps)"],
    ["swap", "newProps,\n\t\t\t\t\t\tcomponentContext\n", "newProps\n"],
    ["swap", "c._globalContext = globalContext;", ""],
    [
      "swap",
      "c._stateCallbacks = [];\n\t\t\t}\n\n\t\t\tif (isClassComponent) {\n\t\t\t\tif (!c._next",
      "}\n{\nif (!c._next",
    ],
    [
      "cut",
      "if (newVNode._original != oldVNode._original) {",
      "newVNode._dom = oldVNode._dom;\n\t\t\t\t\tnewVNode._children",
    ],
    [
      "cut",
      "EMPTY_ARR.push.apply(c._renderCallbacks, c._stateCallbacks);\n\t\t\t\t\tc._state",
      "// Skip over the retained subtree",
    ],
    ["swap", "c.context = componentContext;", ""],
    ["swap", "c._bits &= ~COMPONENT_FORCE;", ""],
    [
      "cut",
      "// Function components re-render until",
      "if (c.getChildContext) {",
      "c._bits &= ~COMPONENT_DIRTY;\n tmp = c.render(c.props, (c.state = c._nextState));\n",
    ],
    ["swap", /options\._catchError\((e), [^)]*\)/g, "throw $1"],
    ["swap", "r._parentDom = r._globalContext = NULL;", "r._parentDom = NULL;"],
    ["swap", "return this.constructor(props, context);", "return this.constructor(props);"],
    ["swap", "if (provider) provider.sub(c);", ""],
    ["cut", "// Invoke getDerivedStateFromProps", "oldProps = c.props;", "}\n"],
    [
      "cut",
      "if (\n\t\t\t\t\tisClassComponent &&\n\t\t\t\t\t!newType.getDerivedStateFromProps &&\n\t\t\t\t\tc.componentWillMount",
      "if (isClassComponent && c.componentDidMount)",
    ],
    ["cut", "if (\n\t\t\t\t\tnewProps !== oldProps &&", "if (\n\t\t\t\t\t(newVNode._original == oldVNode._original"],
    ["swap", /\|\|\s*\(!\(c\._bits & COMPONENT_FORCE\) &&[\s\S]*?=== false\)/, ""],
    ["cut", "if (c.componentWillUpdate)", "if (isClassComponent && c.componentDidUpdate)"],
    ["cut", "if (c.getChildContext) {", "const renderResult"],
    ["cut", "// A vnode carrying a `_parentDom` prop", "oldDom = diffChildren("],
    ["cut", "// When we exit a portal we", "if (c._renderCallbacks.length) {"],
    [
      "cut",
      "// Only clear when this render was the retry",
      "} catch (e) {\n\t\t\t// We remove any componentDidMount",
      "\n",
    ],
    [
      "swap",
      "if (c._bits & COMPONENT_PENDING_ERROR) {\n\t\t\t\t\tc._bits |= COMPONENT_PROCESSING_EXCEPTION;\n\t\t\t\t}",
      "",
    ],
    ["cut", "function rangeEnd(", "function markAsForce("],
    ["cut", "else if (nodeType == 'math')", "if (!dom) {", "else if (!namespace) namespace = XHTML_NAMESPACE;\n"],
    ["cut", "// we are creating a new node, so we can assume", "if (!nodeType) {\n\t\t// During hydration", "}\n"],
    ["swap", "if (oldProps !== newProps && (!isHydrating || dom.data != newProps))", "if (oldProps !== newProps)"],
    ["cut", "// A <template> holds", "for (i in oldProps) {", ""],
    ["swap", "if (i == 'dangerouslySetInnerHTML') {\n\t\t\t\toldHtml = value;\n\t\t\t} else if (", "if ("],
    ["swap", " else if (i == 'dangerouslySetInnerHTML') {\n\t\t\t\tnewHtml = value;\n\t\t\t}", ""],
    ["swap", "(!isHydrating || typeof value == 'function') &&", ""],
    [
      "cut",
      "// If the new vnode didn't have dangerouslySetInnerHTML",
      "isArray(newChildren)",
      "{\n if (nodeType == 'foreignObject') namespace = XHTML_NAMESPACE;\n diffChildren(dom, ",
    ],
    ["cut", "? excessDomChildren[0]", "oldVNode._children && getDomSibling(oldVNode, 0)"],
    ["swap", "if (excessDomChildren) excessDomChildren.some(removeNode);", ""],
    ["swap", "if (!isHydrating || nodeType == 'textarea') {", "{"],
    [
      "swap",
      "if (nodeType == 'progress' && inputValue == NULL) {\n\t\t\t\tdom.removeAttribute(i);\n\t\t\t} else if (",
      "if (",
    ],
    ["swap", "(inputValue !== dom[i] || (nodeType == 'progress' && !inputValue))", "inputValue !== dom[i]"],
    ["cut", "// Store the cleanup on the element", "} else ref.current = value;", "ref(value);\n"],
    ["swap", "let oldCommitQueueLength = commitQueue.length;\n\t\ttry {", "{"],
    [
      "cut",
      "} catch (e) {\n\t\t\t// We remove any componentDidMount",
      "} else {\n\t\toldDom = newVNode._dom = diffElementNodes(",
      "}\n",
    ],
    ["cut", "function markAsForce(", "/**\n * @param {Array<Component>} commitQueue"],
    // What throws in a ref or while unmounting reaches the room, which says so.
    ["swap", /\ttry \{\s*if \(typeof ref == 'function'\)/, "{\n if (typeof ref == 'function')"],
    ["swap", /\} else ref\.current = value;\s*\} catch \(e\) \{[^}]*\}/, "} else ref.current = value;\n}"],
    ["swap", /try \{\s*r\.componentWillUnmount\(\);\s*\} catch \(e\) \{[^}]*\}/, "r.componentWillUnmount();"],
    ["cut", "let r, end, nodes;", "if ((r = vnode.ref)", "let r;\n"],
    ["cut", "// A component that suspended while hydrating owns", "if (!skipRemove) removeNode(vnode._dom);"],
  ],
  "children.js": [
    [
      "swap",
      "typeof childVNode == 'boolean' ||\n\t\t\ttypeof childVNode == 'function'",
      "typeof childVNode == 'boolean'",
    ],
    ["swap", "!isMounting && parentDom.moveBefore && dom.parentNode", "false"],
    // Nothing changes its order here, so what moves at all may move one by one.
    [
      "cut",
      "// Children were reordered",
      "// Remove remaining oldChildren",
      "for (const child of newChildren) if (child && child._flags & LIS_CANDIDATE) child._flags |= INSERT_VNODE;\n}\n",
    ],
    ["swap", /\|\| oldVNode\._flags & REF_DETACHED/, ""],
    ["swap", "if (false) return oldDom;", ""],
    ["cut", "// A cursor a parked Suspense subtree", "let dom = parentVNode._dom;"],
    ["swap", "while (next && next.nodeType == 8) next = next.nextSibling;", ""],
    ["swap", /while \(\s*\(oldDom = oldDom && oldDom\.nextSibling\) &&[\s\S]*?\);/, "oldDom = oldDom.nextSibling;"],
    [
      "cut",
      "else if (childVNode.constructor === VNODE_MARKER && childVNode._depth) {",
      "else {\n\t\t\tnewChildren[i] = childVNode;",
    ],
  ],
  "props.js": [
    ["cut", "useCapture = name != (name", "// Infer correct casing"],
    ["swap", /, useCapture\)/g, ")"],
    ["swap", "let useCapture;", ""],
    ["swap", /name != '(?:list|form|download|rowSpan|colSpan|popover)' &&/g, ""],
    ["swap", "name == 'popover' && value == true ? '' : value", "value"],
    // Nothing that is put in place while an event rises stands in its way.
    ["cut", "(dom._attached ||", "// Infer correct casing"],
    ["cut", "if (e[EVENT_DISPATCHED] == NULL) {", "return eventHandler("],
    ["swap", "undefined ? undefined(e) : e", "e"],
    ["cut", "if (name == 'style') {", "if (name[0] == 'o'"],
    ["cut", "// Normalize incorrect prop usage for SVG", "} else if (\n\t\t\tname != 'width'"],
  ],
  "component.js": [
    ["cut", "if (callback) {\n\t\t\tthis._stateCallbacks", "enqueueRender(this);\n\t}\n};\n\n/**\n * Immediately"],
    ["cut", "BaseComponent.prototype.forceUpdate =", "/**\n * Accepts `props` and `state`"],
    ["swap", "BaseComponent.prototype.render = Fragment;", ""],
    ["swap", "this.context = context;", ""],
    ["swap", "(!(c._bits & COMPONENT_DIRTY) &&", "!(c._bits & COMPONENT_DIRTY) &&"],
    [
      "cut",
      "!rerenderCount++)) ||",
      "(prevDebounce || queueMicrotask)(process);\n\t}\n}\n\n/**\n * @param",
      "!rerenderCount++)\n) {\n",
    ],
    ["swap", /prevDebounce \|\| queueMicrotask/g, "queueMicrotask"],
    ["swap", "oldVNode._flags & MODE_HYDRATE ? [oldDom] : NULL,", ""],
    ["swap", "oldVNode._flags & MODE_HYDRATE,", ""],
    ["cut", "if (typeof update == 'function') {", "if (update) {"],
  ],
  "create-element.js": [
    // A page may have put names into Object.prototype.
    [
      "swap",
      /let normalizedProps = \{\},(?=\s+key,\s+ref,\s+i,\s+length = arguments\.length;\s+for \(i in props\) \{\s+if \(i == 'key'\) key = props\[i\];\s+else if \(i == 'ref' && typeof type)/,
      "let normalizedProps = Object.create(null),",
    ],
    [
      "swap",
      "for (i in props) {\n\t\tif (i == 'key') key = props[i];\n\t\telse if (i == 'ref' && typeof type",
      "for (i of Object.keys(props || {})) {\n\t\tif (i == 'key') key = props[i];\n\t\telse if (i == 'ref' && typeof type",
    ],
  ],
  "constants.js": [["swap", "EMPTY_OBJ = /** @type {any} */ ({})", "EMPTY_OBJ = Object.create(null)"]],
  "options.js": [["swap", "_catchError\n}", "}"]],
  "render.js": [
    ["swap", "\t\tEMPTY_OBJ,\n\t\tparentDom.namespaceURI", "\t\tparentDom.namespaceURI"],
    ["cut", "// https://github.com/preactjs/preact/issues/3794", "// To be able to support calling"],
    ["swap", "isHydrating ? NULL : parentDom._children", "parentDom._children"],
    ["cut", "oldVNode\n\t\t\t? NULL\n\t\t\t: parentDom.firstChild", "commitQueue,\n\t\toldVNode ?"],
  ],
};

const EDITS = { cut, swap };

export const leanPreact = {
  name: "lean-preact",
  setup(build) {
    build.onResolve({ filter: /^preact$/ }, async ({ resolveDir }) => {
      const { path } = await build.resolve("preact/package.json", { resolveDir, kind: "import-statement" });
      return { path: join(path, "../src/index.js") };
    });
    build.onLoad({ filter: /preact[\\/]src[\\/].*\.js$/ }, async ({ path }) => {
      let text = await readFile(path, "utf8");
      for (const [from, to] of EVERYWHERE) text = text.replace(from, to);
      // src/index.js only names what there is; diff/index.js is the one meant.
      const own = path.endsWith(join("src", "index.js")) ? [] : (FILES[basename(path)] ?? []);
      for (const [kind, ...edit] of own) text = EDITS[kind](`preact/${basename(path)}`, text, ...edit);
      return { contents: text, loader: "js" };
    });
  },
};
