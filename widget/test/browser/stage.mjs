// What every browser test needs: a stub server, a browser, a page with the widget, and a few verbs.
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { startStub } from "./stub.mjs";

export const LOADER = (key, more = "") => `<script src="/v1/patchrooms/${key}.js" ${more} async></script>`;

/** Starts a stub and a browser for a file of tests; gives what is filled in before the first of them. */
export function setUp() {
  const held = {};
  before(async () => {
    held.stub = await startStub();
    held.other = await startStub();
    held.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
      ],
    });
  });
  after(async () => {
    await held.browser?.close();
    held.stub?.stop();
    held.other?.stop();
  });
  return held;
}

/** Opens a page with the given body, in a fresh browser profile, and keeps what went wrong in it. */
export async function open(held, body, { path = "/", headers, context = {}, head = "" } = {}) {
  const { stub, browser } = held;
  stub.state.reports.length = 0;
  stub.state.behave = null;
  stub.setPage(path.split("?")[0], {
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><meta name="viewport" content="width=device-width,initial-scale=1">${head}</head><body>${body}</body></html>`,
    headers,
  });
  const own = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context });
  const page = await own.newPage();
  const said = [];
  const errors = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(stub.origin + path);
  return { page, said, errors, own };
}

export async function enter(page) {
  await page.click(".launcher");
  await page.waitForSelector(".write textarea");
}

export async function write(page, text) {
  await page.fill(".write textarea", text);
}

export const send = (page) => page.click(".write .send");

/** Waits until something holds, for what arrives at the stub. */
export async function until(what, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The colour of a stored picture's pixel, read by the browser itself. */
export function pixel(page, bytes, x, y) {
  return page.evaluate(
    async ([data, px, py]) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const pen = canvas.getContext("2d");
      pen.drawImage(bitmap, 0, 0);
      return [...pen.getImageData(px, py, 1, 1).data.slice(0, 3)];
    },
    [bytes.toString("base64"), x, y],
  );
}
