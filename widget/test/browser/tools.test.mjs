import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, LOADER, open, pixel, send, setUp, write } from "./stage.mjs";

const held = setUp();
const loader = (more) => LOADER(held.stub.key, more);
const first = () => held.stub.state.reports[0];
const CSS = `body{margin:0;background:#fff}
#field{position:absolute;left:100px;top:100px;width:200px;height:40px;background:#0f0;border:0;padding:0}
#secret{position:absolute;left:100px;top:200px;width:200px;height:40px;background:#0f0}
#own{position:absolute;left:100px;top:300px;width:200px;height:40px;background:#0f0}
#plain{position:absolute;left:100px;top:400px;width:200px;height:40px;background:oklch(62.8% .2577 29.23);color:#fff}`;
const BODY = `<input id="field" value="4242"><div id="secret" data-private>4242</div><div id="own" class="card">4242</div><button id="plain">Pay now</button>`;
const near = (found, wanted) =>
  assert.ok(
    found.every((part, at) => Math.abs(part - wanted[at]) < 8),
    `${found} is not ${wanted}`,
  );
const MASK = [59, 55, 50];

test("a screenshot under a strict policy: masked fields are filled, other pixels are the page's", async () => {
  const { origin } = held.stub;
  held.stub.setPage("/page.css", { type: "text/css", body: CSS });
  held.stub.state.widget = { mask: [".card"] };
  const csp = `default-src 'none'; script-src ${origin}; connect-src ${origin}; img-src ${origin} data: blob:; style-src ${origin}; require-trusted-types-for 'script'; trusted-types backroom`;
  const { page, errors, said } = await open(held, BODY + loader(), {
    head: '<link rel="stylesheet" href="/page.css">',
    headers: { "content-security-policy": csp },
  });
  held.stub.state.widget = {};
  await enter(page);
  await page.click('[aria-label="Screenshot"]');
  await page.waitForSelector(".b.screenshot");
  assert.match(await page.textContent(".b.screenshot small"), /3 masked/);
  await send(page);
  await page.waitForSelector(".receipt");
  const [bytes] = Object.values(first().files);
  for (const y of [120, 220, 320]) near(await pixel(page, bytes, 150, y), MASK);
  near(await pixel(page, bytes, 105, 405), [255, 0, 0]);
  near(await pixel(page, bytes, 600, 50), [255, 255, 255]);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    said.filter((line) => /Content Security|TrustedHTML|Trusted Type/.test(line)),
    [],
  );
});

test("shadow roots, canvases, fixed boxes and scrolled pages are in the picture where they stand", async () => {
  const script = `<script>const s=document.querySelector('#host').attachShadow({mode:'open'});s.innerHTML='<style>p{margin:0;width:100px;height:50px;background:#00f}</style><p></p><input style="display:block;width:100px;height:50px;border:0;background:#0f0;padding:0">';const c=document.querySelector('canvas').getContext('2d');c.fillStyle='#f0f';c.fillRect(0,0,100,50);scrollTo(0,500)</script>`;
  const body = `<div style="height:600px"></div><div style="display:flex"><div id="host"></div><canvas width="100" height="50"></canvas></div><div style="height:3000px"></div><div style="position:fixed;left:300px;top:20px;width:50px;height:50px;background:#f00"></div>${script}`;
  const { page } = await open(held, body + loader(), { head: "<style>body{margin:0}</style>" });
  await enter(page);
  await page.click('[aria-label="Screenshot"]');
  await page.waitForSelector(".b.screenshot");
  await send(page);
  await page.waitForSelector(".receipt");
  const [bytes] = Object.values(first().files);
  near(await pixel(page, bytes, 20, 120), [0, 0, 255]);
  near(await pixel(page, bytes, 120, 120), [255, 0, 255]);
  near(await pixel(page, bytes, 20, 170), MASK);
  near(await pixel(page, bytes, 320, 40), [255, 0, 0]);
});

test("the editor burns a redaction into the pixels, by pointer and by keyboard", async () => {
  const { page } = await open(held, loader(), { head: "<style>body{background:#0f0}</style>" });
  await enter(page);
  await page.click('[aria-label="Screenshot"]');
  await page.waitForSelector(".b.screenshot");
  await page.click("text=Edit");
  const canvas = await page.waitForSelector(".stage canvas");
  await page.waitForFunction(
    () => document.querySelector("[data-backroom]").shadowRoot.querySelector(".stage canvas").width > 300,
  );
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + 10, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 100, box.y + 100, { steps: 3 });
  await page.mouse.up();
  await canvas.focus();
  await page.keyboard.press("Enter");
  await page.click(".editor >> text=Done");
  await page.waitForSelector(".editor", { state: "detached" });
  await send(page);
  await page.waitForSelector(".receipt");
  const { files } = first();
  const [bytes] = Object.values(files);
  near(await pixel(page, bytes, 40, 40), [31, 27, 22]);
  near(await pixel(page, bytes, 640, 400), [31, 27, 22]);
  near(await pixel(page, bytes, 300, 60), [0, 255, 0]);
});

test("an element is picked by the keyboard alone", async () => {
  const body = `<main id="m" style="width:100%;height:780px"><section id="s"><button id="pay">Pay now</button><input value="secret"></section></main>`;
  const { page } = await open(held, body + loader());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".write textarea");
  await page.focus('[aria-label="Point at something"]');
  await page.keyboard.press("Enter");
  await page.waitForSelector(".pick-bar");
  for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.waitForSelector(".b.selection");
  await page.keyboard.type("It does nothing");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".receipt");
  const [selection, text] = first().report.blocks;
  assert.equal(selection.quote, "Pay now");
  assert.equal(await page.evaluate((s) => document.querySelector(s).id, selection.selector), "pay");
  assert.equal(text.text, "It does nothing");
});

test("Esc leaves the picker, and no click reaches the page", async () => {
  const { page } = await open(held, `<button id="pay" onclick="document.title='clicked'">Pay now</button>${loader()}`);
  await enter(page);
  await page.click('[aria-label="Point at something"]');
  await page.waitForSelector(".pick-bar");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".pick-bar", { state: "detached" });
  await page.click('[aria-label="Point at something"]');
  await page.click("#pay");
  await page.waitForSelector(".b.selection");
  assert.equal(await page.title(), "Shop");
});

test("selected text is quoted, but nothing private", async () => {
  const { page } = await open(held, `<p id="a">A sentence to quote.</p><p id="b" data-private>Secret.</p>${loader()}`);
  await enter(page);
  const select = (id) => page.evaluate((i) => getSelection().selectAllChildren(document.getElementById(i)), id);
  await select("b");
  await page.waitForTimeout(200);
  assert.equal(await page.$(".quote"), null);
  await select("a");
  await page.click(".quote");
  await write(page, "This is odd.");
  await send(page);
  await page.waitForSelector(".receipt");
  assert.deepEqual(
    first().report.blocks.map((b) => b.quote ?? b.text),
    ["A sentence to quote.", "This is odd."],
  );
  assert.equal("selector" in first().report.blocks[0], false);
});

test("a voice note is recorded and sent", async () => {
  const { page } = await open(held, loader(), { context: { permissions: ["microphone"] } });
  await enter(page);
  await page.click('[aria-label="Voice note"]');
  await page.waitForSelector(".voice");
  await page.waitForTimeout(1_400);
  await page.click(".voice >> text=Stop");
  await page.waitForSelector(".b.audio");
  await send(page);
  await page.waitForSelector(".receipt");
  const [block] = first().report.blocks;
  assert.equal(block.type, "audio");
  assert.ok(block.durationMs >= 1_000 && block.durationMs < 5_000);
  const bytes = first().files[block.file];
  assert.equal(bytes.subarray(0, 4).toString("hex"), "1a45dfa3");
});

test("a pasted picture becomes a block", async () => {
  const { page } = await open(held, loader());
  await enter(page);
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(40, 30);
    canvas.getContext("2d").fillRect(0, 0, 40, 30);
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob()], "a.png", { type: "image/png" }));
    const room = document.querySelector("[data-backroom]").shadowRoot.querySelector(".room");
    room.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, composed: true }));
  });
  await page.waitForSelector(".b.screenshot");
  await send(page);
  await page.waitForSelector(".receipt");
  assert.equal(first().report.blocks[0].width, 40);
});

test("where the page can't be drawn, the next steps are offered", async () => {
  const csp = `default-src 'none'; script-src ${held.stub.origin}; connect-src ${held.stub.origin}`;
  const { page } = await open(held, loader(), { headers: { "content-security-policy": csp } });
  await enter(page);
  await page.click('[aria-label="Screenshot"]');
  await page.waitForSelector(".notice");
  assert.match(await page.textContent(".notice"), /could not be drawn.*Share the screen.*Choose a picture/);
});
