import assert from "node:assert/strict";
import { test } from "node:test";
import ar from "../../src/i18n/ar";
import de from "../../src/i18n/de";
import en from "../../src/i18n/en";
import es from "../../src/i18n/es";
import fr from "../../src/i18n/fr";
import ja from "../../src/i18n/ja";
import pt from "../../src/i18n/pt";
import ru from "../../src/i18n/ru";
import zh from "../../src/i18n/zh";
import { contextOf, deviceOf, partsOf, withinBytes } from "../../src/report/context";
import { uuid7 } from "../../src/report/uuid";
import { emptyDraft } from "../../src/room/draft";
import { draftBlockOf, reportOf, settled } from "../../src/room/parcel";
import { fill, overridden } from "../../src/room/texts";
import { cropOf, nudged } from "../../src/shot/marks";
import { settle } from "../../src/stage/options";

const AROUND = {
  href: "https://a.test/shop?token=x",
  userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
  language: "en",
  width: 390,
  height: 800,
  touch: true,
  errors: ["first", "mail ann@example.org"],
  extra: { plan: "pro", run: () => 1 },
};

test("a UUID of version 7 carries the time first", () => {
  const id = uuid7(0x0192_3456_789a, new Uint8Array(10).fill(0xff));
  assert.equal(id, "01923456-789a-7fff-8fff-ffffffffffff");
});

test("the context is what the parts add, less what was taken out", () => {
  const parts = partsOf(AROUND);
  const left = new Set(["browser", parts.find((part) => part.shown === "first")?.id ?? ""]);
  const context = contextOf(parts, left, new Date(0));
  assert.equal(context.url, "https://a.test/shop?token=[cut]");
  assert.equal(context.device, "mobile");
  assert.equal("userAgent" in context, false);
  assert.deepEqual(context.consoleErrors, ["mail [mail]"]);
  assert.deepEqual(context.extra, { plan: "pro" });
  assert.equal(context.timestamp, "1970-01-01T00:00:00.000Z");
});

test("an error keeps its tick wherever it stands, and is cut behind the scrubbing", () => {
  const idOf = (errors: string[], text: string): string | undefined =>
    partsOf({ ...AROUND, errors }).find((part) => part.shown === text)?.id;
  assert.equal(idOf(["a", "b", "c"], "b"), idOf(["b", "c"], "b"));
  const long = partsOf({ ...AROUND, errors: [`${"x".repeat(1_990)} ann.lee@example.org`] });
  const shown = long.find((part) => part.label === "partError")?.shown ?? "";
  assert.equal(shown.length, 1_997);
  assert.equal(shown.includes("ann"), false);
});

test("a context over the limit loses its oldest errors first, then extra", () => {
  const long = { consoleErrors: ["a".repeat(900), "b".repeat(900)], extra: { x: 1 } };
  assert.deepEqual(withinBytes(long, 1_000).consoleErrors, ["b".repeat(900)]);
  assert.equal("extra" in withinBytes({ ...long, extra: "é".repeat(900) }, 1_000), false);
});

test("devices", () => {
  assert.equal(deviceOf({ userAgent: "Macintosh", width: 1000, touch: true }), "tablet");
  assert.equal(deviceOf({ userAgent: "Macintosh", width: 1000, touch: false }), "desktop");
  assert.equal(deviceOf({ userAgent: "Linux; Android 15; Tab", width: 1000, touch: true }), "tablet");
  assert.equal(deviceOf({ userAgent: "Linux; Android 15; Mobile", width: 400, touch: true }), "mobile");
});

test("a report has the blocks in order, files by their names, and only what was given", () => {
  const options = settle([{ userId: "u1" }], []);
  const blob = new Blob(["x"], { type: "image/jpeg" });
  const draft = settled({
    ...emptyDraft(),
    text: " last words ",
    channel: "bug",
    blocks: [
      { id: "00000000-0000-7000-8000-0000abcd1234", type: "screenshot", blob, width: 2, height: 3, masked: 1 },
      { id: "b", type: "selection", quote: "q", selector: null, url: "u" },
    ],
  });
  const { report, files } = reportOf({ options }, draft, [], "id", new Date(0));
  assert.deepEqual(report.blocks, [
    { type: "screenshot", file: "scr_abcd1234.jpg", width: 2, height: 3 },
    { type: "selection", quote: "q", url: "u" },
    { type: "text", text: "last words" },
  ]);
  assert.deepEqual(Object.keys(files), ["scr_abcd1234.jpg"]);
  assert.deepEqual(report.identity, { userId: "u1" });
  const withoutUser = reportOf({ options }, { ...draft, left: ["user"] }, [], "id", new Date(0)).report;
  assert.equal("identity" in withoutUser, false);
  const back = report.blocks[0] && draftBlockOf(report.blocks[0], files);
  assert.equal(back?.type === "screenshot" && back.blob, blob);
});

test("texts: holes are filled, hosts override, languages are whole", () => {
  assert.equal(fill("{n} of {m}", { n: 1 }), "1 of {m}");
  assert.equal(overridden(en, { send: "Go" }).send, "Go");
  for (const language of [ar, de, es, fr, ja, pt, ru, zh]) {
    assert.deepEqual(Object.keys(language), Object.keys(en));
    for (const key of Object.keys(en) as Array<keyof typeof en>) {
      const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
      assert.deepEqual(holes(language[key]), holes(en[key]), key);
      assert.notEqual(language[key].trim(), "", key);
    }
  }
});

test("crops stay in the picture, and marks can be moved and sized", () => {
  const crop = {
    kind: "crop" as const,
    points: [
      { x: -5, y: 10 },
      { x: 50, y: 500 },
    ],
  };
  assert.deepEqual(cropOf([crop], 100, 100), { x: 0, y: 10, width: 50, height: 90 });
  assert.deepEqual(
    cropOf(
      [
        {
          ...crop,
          points: [
            { x: 0, y: 0 },
            { x: 3, y: 3 },
          ],
        },
      ],
      100,
      100,
    ),
    { x: 0, y: 0, width: 100, height: 100 },
  );
  assert.deepEqual(nudged(crop, 1, 1, true).points, [
    { x: -5, y: 10 },
    { x: 51, y: 501 },
  ]);
});
