import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { enter, LOADER, open, send, setUp, until, write } from "./stage.mjs";

const held = setUp();
const loader = (more) => LOADER(held.stub.key, more);
const first = () => held.stub.state.reports[0];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function noAxe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run({ include: [["[data-backroom]"]] }));
  assert.deepEqual(
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 90))}`),
    [],
  );
}

test("channel, user, extra, name and mail go along; what is unticked stays", async () => {
  const script = `<script>addEventListener('load',async()=>{while(!self.Patchrooms)await new Promise(r=>setTimeout(r,20));Patchrooms.setUser({userId:'u7',signature:'ab12'});console.error('login failed for ann@example.org token=abcdef123456');console.error('second')})</script>`;
  held.stub.state.widget = { extra: { plan: "pro" } };
  const { page } = await open(held, script + loader());
  held.stub.state.widget = {};
  await enter(page);
  await page.click("text=Ideas");
  await page.click("summary");
  await page.fill('input[type="email"]', "ann@example.org");
  await write(page, "An idea");
  assert.match(await page.textContent(".goes"), /2 console errors/);
  await page.click("text=see and choose");
  assert.match(await page.textContent(".along"), /login failed for \[mail\] token=\[cut\]/);
  await page.click(".along li:has-text('second')");
  await page.click(".along li:has-text('Mozilla')");
  await page.click("text=Done");
  await send(page);
  await page.waitForSelector(".receipt");
  const { report } = first();
  assert.equal(report.channelKey, "feature");
  assert.deepEqual(report.identity, { userId: "u7", signature: "ab12" });
  assert.deepEqual(report.context.consoleErrors, ["login failed for [mail] token=[cut]"]);
  assert.deepEqual(report.context.extra, { plan: "pro" });
  assert.deepEqual(report.context.reporter, { email: "ann@example.org" });
  assert.equal("userAgent" in report.context, false);
});

test("the generic loader: init, events, idempotence, an unknown key, and destroy", async () => {
  const { page, said, errors } = await open(held, `<script src="/v1/patchrooms.js"></script>`);
  await page.evaluate(() => globalThis.Patchrooms.init({ projectKey: "pr_nobody" }));
  assert.ok(said.includes("[Patchrooms] unknown project key: pr_nobody"), said.join("\n"));
  assert.equal(await page.$(".launcher"), null);
  await page.evaluate(async (projectKey) => {
    globalThis.heard = [];
    for (const name of ["ready", "open", "queued", "sent", "close"])
      globalThis.Patchrooms.on(name, () => globalThis.heard.push(name));
    await globalThis.Patchrooms.init({ projectKey, mascot: "owl", shape: "spaceship" });
    await globalThis.Patchrooms.init({ projectKey, mascot: "owl", shape: "pill", anchor: "bottom-left" });
  }, held.stub.key);
  assert.ok(said.some((line) => line.includes("unknown shape: spaceship")));
  assert.equal(await page.locator(".launcher").count(), 1);
  const box = await page.locator(".launcher").boundingBox();
  assert.ok(box.x < 40 && box.y > 700, JSON.stringify(box));
  await page.evaluate(() => globalThis.Patchrooms.openForm());
  await page.waitForSelector(".room");
  await page.evaluate(() => globalThis.Patchrooms.setChannel("feature"));
  await write(page, "x");
  await send(page);
  await page.waitForSelector(".receipt");
  assert.equal(first().report.channelKey, "feature");
  await page.evaluate(() => globalThis.Patchrooms.closeForm());
  await page.waitForSelector(".room", { state: "detached" });
  assert.deepEqual(await page.evaluate(() => globalThis.heard), ["ready", "ready", "open", "queued", "sent", "close"]);
  await page.evaluate(() => [globalThis.Patchrooms.destroy(), globalThis.Patchrooms.destroy()]);
  assert.equal(await page.$("[data-backroom]"), null);
  assert.deepEqual(errors, []);
});

test("URL patterns decide where it mounts, also when the address changes by itself", async () => {
  held.stub.state.urlPatterns = ["*/shop/*"];
  const { page } = await open(held, loader());
  held.stub.state.urlPatterns = [];
  await page.waitForTimeout(500);
  assert.equal(await page.$(".launcher"), null);
  await page.evaluate(() => history.pushState(null, "", "/shop/1"));
  await page.waitForSelector(".launcher");
  await page.evaluate(() => history.pushState(null, "", "/"));
  await page.waitForSelector(".launcher", { state: "detached" });
});

test("artifact review in local mode: pick, comment, save, Markdown; nothing is sent", async () => {
  const body = `<input id="coupon-code"><script src="/v1/patchrooms.js" data-mode="artifact-review" data-storage="local"></script>`;
  const { page } = await open(held, body);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.evaluate(() =>
    globalThis.Patchrooms.init({
      storage: "local",
      mode: "artifact-review",
      artifact: {
        id: "a1",
        title: "Checkout review",
        tool: "claude-code",
        goal: "reduce checkout friction",
        constraints: "keep the layout single-column",
      },
    }),
  );
  await page.click(".launcher");
  await page.waitForSelector(".pick-bar");
  await page.click("#coupon-code");
  await page.waitForSelector(".b.screenshot");
  await write(page, "Remove the coupon field; almost no one uses it.");
  await send(page);
  await page.waitForSelector("text=1 saved here");
  const markdown = await page.evaluate(() => globalThis.Patchrooms.exportMarkdown());
  assert.match(
    markdown,
    /^## Report — Checkout review\n\*\*Tool:\*\* claude-code {3}\*\*Goal:\*\* reduce checkout friction\n\*\*Constraint:\*\* keep the layout single-column\n\n- \*\*Element:\*\* `#coupon-code`\n- \*\*Screenshot:\*\* blob\/scr_\w+\.png\n- \*\*Comment:\*\* Remove the coupon field; almost no one uses it\.\n$/,
  );
  const [report] = await page.evaluate(() => globalThis.Patchrooms.getReports());
  assert.equal(report.artifact.id, "a1");
  assert.match(report.blocks[1].url, /^data:image\/png/);
  assert.deepEqual(
    asked.filter((path) => !path.startsWith("/widget/")),
    [],
  );
  await page.evaluate(() => globalThis.Patchrooms.clear());
  assert.deepEqual(await page.evaluate(() => globalThis.Patchrooms.getReports()), []);
});

test("the Miniback dress: a button, one field, its own words and its own way in", async () => {
  const body = `<script src="/widget.js" data-project="my-website" data-button-text="Say it" data-title="Well?" data-color="#0b7285" data-success-text="Got it." async></script>`;
  const { page, errors } = await open(held, body);
  await page.waitForSelector(".launcher");
  assert.equal((await page.textContent(".launcher")).trim(), "Say it");
  await enter(page);
  assert.equal(await page.textContent("h2"), "Well?");
  await write(page, "Simple words");
  await noAxe(page);
  await send(page);
  await page.waitForSelector("text=Got it.");
  const { report, path, headers } = first();
  assert.equal(path, "/api/feedback");
  assert.equal(report.message, "Simple words");
  assert.equal(report.projectSlug, "my-website");
  assert.equal(headers["x-feedback-source"], "widget");
  assert.match(headers["idempotency-key"], /^[0-9a-f-]{36}$/);
  await page.evaluate(() => globalThis.Miniback.close());
  await page.waitForSelector(".room", { state: "detached" });
  assert.deepEqual(errors, []);
});

test("it stays usable beside a modal dialog, and comes back after it", async () => {
  const body = `<dialog id="d"><p>Modal</p><button id="x">x</button></dialog>${loader()}`;
  const { page } = await open(held, body);
  await page.waitForSelector(".launcher");
  await page.evaluate(() => document.getElementById("d").showModal());
  await enter(page);
  await write(page, "from above");
  await page.evaluate(() => document.getElementById("d").close());
  await page.waitForTimeout(100);
  assert.equal(await page.inputValue(".write textarea"), "from above");
  await send(page);
  await page.waitForSelector(".receipt");
});

test("hostile styles and a polluted prototype change nothing", async () => {
  const head = `<style>*{display:none!important;color:lime!important;font-size:70px!important;all:unset!important} html,body{display:block!important}</style>`;
  const script = `<script>Object.prototype.storage='local';Object.prototype.projectKey='evil';Object.prototype.mascot='panda';Object.prototype.signal='x';Object.prototype.foo=function(){};Array.prototype.bar=1</script>`;
  const { page, errors } = await open(held, script + loader(), { head });
  await enter(page);
  assert.equal(await page.locator(".write textarea").evaluate((el) => getComputedStyle(el).fontSize), "14px");
  await write(page, "still here");
  await send(page);
  await page.waitForSelector(".receipt");
  assert.equal(first().path, `/api/v1/ingest/${held.stub.key}`);
  assert.deepEqual(errors, []);
});

test("without any storage it still sends (a sandboxed frame)", async () => {
  const { stub } = held;
  stub.setPage("/inner", { body: `<!doctype html>${loader()}` });
  const { page } = await open(
    held,
    `<iframe sandbox="allow-scripts" src="/inner" style="width:900px;height:700px"></iframe>`,
  );
  const frame = await until(() => page.frames().find((each) => each.url().endsWith("/inner")));
  await frame.click(".launcher");
  await frame.fill(".write textarea", "no storage");
  await frame.click(".write .send");
  await frame.waitForSelector(".receipt");
  assert.equal(first().report.blocks[0].text, "no storage");
});

test("axe finds nothing: closed, open, with blocks, what goes along, the editor, in the dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page } = await open(held, `<main><h1>Shop</h1><p id="p">Text</p></main>${loader()}`, {
      context: { colorScheme },
    });
    await page.waitForSelector(".launcher");
    await noAxe(page);
    await enter(page);
    await write(page, "Some words");
    await page.click('[aria-label="Screenshot"]');
    await page.waitForSelector(".b.screenshot");
    await page.waitForTimeout(300);
    await noAxe(page);
    await page.click("text=see and choose");
    await noAxe(page);
    await page.click("text=Done");
    await page.click(".b.screenshot >> text=Edit");
    await page.waitForSelector(".editor");
    await noAxe(page);
    await page.keyboard.press("Escape");
    await send(page);
    await page.waitForSelector(".receipt");
    await noAxe(page);
  }
});

test("every language loads, Arabic from right to left, and a page's own words win", async () => {
  const { page } = await open(held, `<script src="/v1/patchrooms.js"></script>`);
  const seen = new Set();
  for (const locale of ["en", "ru", "de", "fr", "es", "pt", "ja", "zh", "ar"]) {
    await page.evaluate(
      ([projectKey, l]) => globalThis.Patchrooms.init({ projectKey, locale: l, texts: { send: "GO" } }),
      [held.stub.key, locale],
    );
    await enter(page);
    seen.add(await page.textContent("h2"));
    assert.equal((await page.textContent(".send")).trim(), "GO");
    assert.equal(await page.locator(".layer").getAttribute("dir"), locale === "ar" ? "rtl" : "ltr");
  }
  assert.equal(seen.size, 9);
});

test("phones from 320 pixels: nothing is cut off, targets are large, nothing scrolls sideways", async () => {
  for (const width of [320, 390]) {
    const context = { viewport: { width, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
    const { page } = await open(held, loader(), { context });
    await page.tap(".launcher");
    await page.waitForSelector(".room");
    const box = await page.locator(".room").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= 640, JSON.stringify(box));
    const small = await page
      .locator(".room button:visible")
      .evaluateAll((all) =>
        all
          .filter((b) => b.className !== "link" && (b.offsetWidth < 44 || b.offsetHeight < 44))
          .map((b) => b.outerHTML),
      );
    assert.deepEqual(small, []);
    const sideways = await page.locator(".room").evaluate((room) => room.scrollWidth > room.clientWidth);
    assert.equal(sideways, false);
  }
});

test("loading costs the page's main thread little", async () => {
  const { page } = await open(
    held,
    `<script>new PerformanceObserver(l=>{self.long=(self.long||0)+l.getEntries().length}).observe({type:'longtask',buffered:true})</script>${loader()}`,
  );
  await page.waitForSelector(".launcher");
  const ms = await page.evaluate(async () => {
    const source = await (
      await fetch(performance.getEntriesByType("resource").find((r) => r.name.includes("/v1/patchrooms/")).name)
    ).text();
    globalThis.Patchrooms.destroy();
    const run = new Function(source);
    const from = performance.now();
    run();
    await new Promise((resolve) => globalThis.Patchrooms.on("ready", resolve));
    return performance.now() - from;
  });
  assert.ok(ms < 50, `${ms} ms`);
});
