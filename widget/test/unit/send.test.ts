import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { body } from "../../src/send/post";
import { Queue } from "../../src/send/queue";
import type { Parcel } from "../../src/send/store";
import { backoff, type Heard, judge, retryAfter } from "../../src/send/verdict";

const heard = (status: number, body: unknown = null, after: string | null = null): Heard => ({
  status,
  body,
  retryAfter: after,
});
const OK = heard(201, { id: "66f0c0ffee66f0c0ffee1001", channelKey: "bug", status: "open", receiptUrl: "/s/x" });

let made = 0;
const parcel = (): Parcel => ({
  id: `id-${++made}`,
  address: "https://a.test/api/v1/ingest/pr_x",
  dress: "patchrooms",
  projectKey: "pr_x",
  report: { clientId: `id-${made}`, blocks: [{ type: "text", text: "hi" }], context: {} },
  files: {},
  madeAt: made,
  tries: 0,
  nextAt: 0,
  state: "waiting",
});

function world(answers: Array<Heard | Error>) {
  const posted: string[] = [];
  const timers: number[] = [];
  const flags: boolean[] = [];
  let now = 1_000_000;
  const queue = new Queue({
    post: async (sent) => {
      posted.push(sent.id);
      const answer = answers.shift() ?? OK;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    now: () => now,
    random: () => 0,
    later: (_, ms) => void timers.push(ms),
    changed: () => {},
    flag: (waiting) => void flags.push(waiting),
  });
  return { queue, posted, timers, flags, pass: (ms: number) => (now += ms) };
}

test("what an answer means", () => {
  assert.equal(judge(OK, 0).kind, "sent");
  assert.equal(judge(heard(200, { data: { id: "x", status: "NEW" } }), 0).kind, "sent");
  assert.equal(judge(heard(200, "<html>"), 0).kind, "again");
  for (const status of [408, 425, 429, 500, 502, 503, 504]) assert.equal(judge(heard(status), 0).kind, "again");
  for (const status of [400, 401, 403, 404, 405, 413, 415, 422]) assert.equal(judge(heard(status), 0).kind, "final");
  const paused = judge(heard(403, { error: "Project is paused" }), 0);
  assert.equal(paused.kind === "final" && paused.failure, "paused");
});

test("Retry-After in seconds and as a date; backoff grows to ten minutes", () => {
  assert.equal(retryAfter("7", 0), 7_000);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:09 GMT", 4_000), 5_000);
  assert.equal(retryAfter("soon", 0), null);
  assert.equal(retryAfter("999999", 0), 3_600_000);
  assert.deepEqual(
    [0, 1, 2, 30].map((tries) => backoff(tries, 0)),
    [2_000, 4_000, 8_000, 600_000],
  );
  assert.equal(backoff(0, 1), 1_000);
});

test("a report is retried until it is acknowledged, then only its receipt is left", async () => {
  const { queue, posted, timers, flags, pass } = world([new Error("no network"), heard(503, null, "30")]);
  const sent = parcel();
  await queue.add(sent);
  await queue.run();
  assert.equal(posted.length, 1);
  assert.equal(timers.at(-1), 2_000);
  pass(2_000);
  await queue.run();
  assert.equal(timers.at(-1), 30_000);
  pass(29_000);
  await queue.run();
  assert.equal(posted.length, 2);
  await queue.hurry();
  assert.deepEqual(posted, [sent.id, sent.id, sent.id]);
  const [kept] = (await queue.list("pr_x")).filter((each) => each.id === sent.id);
  assert.equal(kept?.state, "sent");
  assert.equal(kept?.answer?.receiptUrl, "/s/x");
  assert.deepEqual([kept?.report.blocks, kept?.report.context, kept?.report.identity], [[], {}, undefined]);
  assert.equal(flags.at(-1), false);
});

test("a final refusal stays for the reporter and is tried no more", async () => {
  const { queue, posted } = world([heard(404, { error: "Not found" })]);
  const sent = parcel();
  await queue.add(sent);
  await queue.hurry();
  await queue.hurry();
  assert.equal(posted.length, 1);
  const kept = (await queue.list("pr_x")).find((each) => each.id === sent.id);
  assert.deepEqual([kept?.state, kept?.failure, kept?.said], ["failed", "unknown", "Not found"]);
  await queue.remove(sent.id);
  assert.equal(
    (await queue.list("pr_x")).some((each) => each.id === sent.id),
    false,
  );
});

test("bodies: JSON without files, multipart with them, Miniback's own shape", async () => {
  const plain = body(parcel());
  assert.equal(plain.headers["content-type"], undefined);
  const form = body({ ...parcel(), files: { "scr_1.png": new Blob(["x"]) } }).body as FormData;
  assert.deepEqual([...form.keys()], ["report", "scr_1.png"]);
  const miniback = body({ ...parcel(), dress: "miniback", projectKey: "my-website" });
  assert.deepEqual(JSON.parse(miniback.body as string), { message: "hi", projectSlug: "my-website", context: {} });
  assert.equal(miniback.headers["x-feedback-source"], "widget");
});

test("each try of a report goes by the same name", () => {
  const first = parcel();
  const again = { ...first, tries: 3, nextAt: 9 };
  assert.equal(body({ ...first, dress: "miniback" }).headers["idempotency-key"], first.report.clientId);
  assert.equal(body({ ...again, dress: "miniback" }).headers["idempotency-key"], first.report.clientId);
  assert.equal(JSON.parse(body(again).body as string).clientId, first.report.clientId);
});
