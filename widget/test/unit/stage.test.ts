import assert from "node:assert/strict";
import { test } from "node:test";
import examples from "../../../tests/projects/url_patterns.json";
import { onAccent } from "../../src/stage/color";
import { words } from "../../src/stage/console";
import { gaze } from "../../src/stage/eyes";
import { identityOf, settle, spoken } from "../../src/stage/options";
import { globMatches, mountsAt } from "../../src/stage/patterns";
import { projectOf } from "../../src/stage/project";
import { homeOf } from "../../src/stage/script";

test("globs match the full address, by the examples that the server's are tested with", () => {
  for (const { patterns, url, matches, why } of examples) assert.equal(mountsAt(url, patterns), matches, why);
});

test("a glob of many stars comes to an end", () => {
  assert.equal(globMatches(`${"*a".repeat(2_000)}*b`, "a".repeat(5_000)), false);
});

test("options: init over attributes over settings over defaults; unknown values fall back", () => {
  const options = settle(
    [{ mascot: "owl" }, { mascot: "cat", shape: "tab" }, { theme: "dark", anchor: "nowhere" }],
    ["ru-RU"],
  );
  assert.deepEqual(
    [options.mascot, options.shape, options.theme, options.anchor, options.locale],
    ["owl", "tab", "dark", "middle-right", "ru"],
  );
  assert.equal(settle([{ captureConsoleErrors: "false" }], []).captureConsoleErrors, false);
  assert.equal(settle([{ apiUrl: "https://a.test/" }], []).apiUrl, "https://a.test");
  assert.equal(settle([{ color: "red" }], []).color, null);
});

test("what is not known falls back to the default, each with a warning", () => {
  const said: string[] = [];
  const { warn } = console;
  console.warn = (...parts: unknown[]) => void said.push(parts.join(" "));
  try {
    const cases: Array<[string, unknown, unknown]> = [
      ["storage", "server", null],
      ["mode", "foo", null],
      ["color", "red", null],
      ["shape", 5, "bubble"],
      ["trigger", "no", "visible"],
      ["texts", 3, {}],
    ];
    for (const [name, value, expected] of cases) {
      said.length = 0;
      const settled = settle([{ [name]: value }], []) as unknown as Record<string, unknown>;
      assert.deepEqual({ ...Object(settled[name]) }, { ...Object(expected) }, name);
      assert.equal(settled[name] === null, expected === null, name);
      assert.match(said.join(), new RegExp(`unknown ${name}: ${value}`));
    }
    assert.equal(settle([{ anchor: "bottom" }], [], "bottom-right").anchor, "bottom-right");
  } finally {
    console.warn = warn;
  }
});

test("nothing is read from a prototype", () => {
  const evil = Object.create({ projectKey: "evil", storage: "local" }) as object;
  const options = settle([evil], []);
  assert.equal(options.projectKey, null);
  assert.equal(options.storage, null);
});

test("languages, identities, projects, homes", () => {
  assert.equal(spoken(["xx", "pt-BR", "en"]), "pt");
  assert.equal(spoken(["xx"]), "en");
  assert.deepEqual(identityOf(undefined, "u1"), { userId: "u1" });
  assert.deepEqual(identityOf({ userId: "u1", signature: "ab" }), { userId: "u1", signature: "ab" });
  assert.equal(identityOf({ userId: 7 }), null);
  const project = projectOf(
    { channels: [{ key: "bug", mascot: "dragon" }, { key: "old", archived: true }, 7] },
    "pr_x",
  );
  assert.deepEqual(project.channels, [{ key: "bug", name: "bug", mascot: "fox" }]);
  const path = /\/v1\/patchrooms(\/[^/]*)?\.js$/;
  assert.equal(homeOf("https://h.test/v1/patchrooms/pr_x.js?v=1", path), "https://h.test");
  assert.equal(homeOf("https://h.test/sub/v1/patchrooms.js", path), "https://h.test/sub");
});

test("console arguments as words", () => {
  assert.equal(words({ a: 1 }), '{"a":1}');
  assert.match(words(new Error("no")), /Error: no/);
  const round: Record<string, unknown> = {};
  round.self = round;
  assert.equal(words(round), "[object Object]");
});

test("eyes stay in the face; text on an accent stays legible", () => {
  for (const [x, y] of [
    [0, 0],
    [1, 0],
    [-5_000, 3_000],
  ] as const)
    assert.ok(Math.hypot(...gaze(x, y)) <= 2.3);
  assert.equal(onAccent("#ffec99"), "#1f1b16");
  assert.equal(onAccent("#0b4f6c"), "#ffffff");
});
