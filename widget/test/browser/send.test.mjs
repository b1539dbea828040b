import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, LOADER, open, send, setUp, until, write } from "./stage.mjs";

const held = setUp();
const loader = () => LOADER(held.stub.key);
const reports = () => held.stub.state.reports;

test("a text arrives with its context and gets a receipt", async () => {
  const { page, errors } = await open(held, loader(), { path: "/shop?token=abc123secret&page=2" });
  await enter(page);
  await write(page, "The coupon box covers the button.");
  await send(page);
  await page.waitForSelector(".receipt");
  assert.match(await page.textContent(".room header"), /Thank you. It arrived.*Report 1001/);
  assert.equal(await page.getAttribute(".receipt a", "href"), `${held.stub.origin}/s/66f0c0ffee66f0c0ffee001001`);
  const { report, path } = reports()[0];
  assert.equal(path, `/api/v1/ingest/${held.stub.key}`);
  assert.deepEqual(report.blocks, [{ type: "text", text: "The coupon box covers the button." }]);
  assert.match(report.clientId, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(report.context.url, `${held.stub.origin}/shop?token=[cut]&page=2`);
  assert.deepEqual(report.context.viewport, { width: 1280, height: 800 });
  assert.equal(report.context.device, "desktop");
  assert.deepEqual(errors, []);
});

test("what is typed survives closing the room and reloading", async () => {
  const { page } = await open(held, loader());
  await enter(page);
  await write(page, "half a thought");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".launcher:visible");
  await page.reload();
  await enter(page);
  assert.equal(await page.inputValue(".write textarea"), "half a thought");
});

test("offline it is kept, and goes out when the network is back", async () => {
  const { page, own } = await open(held, loader());
  await enter(page);
  await write(page, "from a tunnel");
  await own.setOffline(true);
  await send(page);
  await page.waitForSelector("text=You are offline");
  await own.setOffline(false);
  await page.waitForSelector(".receipt");
  assert.equal(reports().length, 1);
});

test("a server that fails is asked again with the same clientId, also after a reload", async () => {
  const { page } = await open(held, loader());
  let calls = 0;
  held.stub.state.behave = () => (++calls === 1 ? { status: 500 } : { status: 503, headers: { "retry-after": "120" } });
  await enter(page);
  await write(page, "try me again");
  await send(page);
  await page.waitForSelector("text=Kept in this browser");
  await until(() => calls === 2);
  held.stub.state.behave = null;
  await page.reload();
  await until(() => reports().length === 1);
  assert.equal(reports()[0].report.blocks[0].text, "try me again");
});

test("a server that says nothing keeps nothing from being kept", async () => {
  const { page } = await open(held, loader());
  held.stub.state.behave = () => "hang";
  await enter(page);
  await write(page, "into the void");
  await send(page);
  await page.waitForSelector(".outcome progress");
  held.stub.state.behave = null;
  await page.reload();
  await until(() => reports().length === 1);
});

test("a final refusal is told plainly, is not retried, and the text can be edited again", async () => {
  const { page } = await open(held, loader());
  let calls = 0;
  held.stub.state.behave = () => {
    calls++;
    return { status: 413, error: "Too large" };
  };
  await enter(page);
  await write(page, "too much");
  await send(page);
  await page.waitForSelector("text=It is too large");
  await page.waitForTimeout(600);
  assert.equal(calls, 1);
  held.stub.state.behave = null;
  await page.click("text=Back to editing");
  assert.equal(await page.inputValue(".b.text textarea"), "too much");
  await send(page);
  await page.waitForSelector(".receipt");
});

test("two tabs with one queue send a report once", async () => {
  const { page, own } = await open(held, loader());
  await enter(page);
  await write(page, "only once");
  await own.setOffline(true);
  await send(page);
  await page.waitForSelector("text=Kept in this browser");
  await own.setOffline(false);
  const second = await own.newPage();
  await second.goto(`${held.stub.origin}/`);
  await until(() => reports().length >= 1);
  await page.waitForTimeout(1_500);
  assert.equal(reports().length, 1);
});

test("what a policy stops is told, with the directive to add in the console", async () => {
  const csp = `default-src 'none'; script-src ${held.stub.origin}`;
  const { page, said } = await open(held, loader(), { headers: { "content-security-policy": csp } });
  await enter(page);
  await write(page, "blocked");
  await send(page);
  await page.waitForSelector("text=Something on this page");
  assert.ok(
    said.some((line) => line.includes(`Add to it: connect-src ${held.stub.origin}`)),
    said.join("\n"),
  );
});

test("it works across two origins", async () => {
  const { page, errors } = await open(
    held,
    `<script src="${held.other.origin}/v1/patchrooms/${held.other.key}.js"></script>`,
  );
  held.other.state.reports.length = 0;
  await enter(page);
  await write(page, "from afar");
  await send(page);
  await page.waitForSelector(".receipt");
  assert.equal(held.other.state.reports.length, 1);
  assert.deepEqual(errors, []);
});
