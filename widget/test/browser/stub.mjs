// A small stand-in for the server, for trying the widget by hand and for its own browser tests.
// It serves what the widget asks of a server, keeps what is sent, and fails on demand.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "../../../src/backroom/web/widget/dist");
const KEY = "pr_demodemodemodemodemodemo";

export const channels = [
  { key: "bug", name: "Bugs", color: "#c0392b", mascot: "fox" },
  { key: "feature", name: "Ideas", color: "#7950f2", mascot: "owl" },
  { key: "alpha-feedback", name: "Alpha feedback", color: "#2b8a3e", mascot: "panda" },
];

/** Starts the stub on a free port. `state.behave(request)` may answer instead of storing. */
export async function startStub({ port = 0 } = {}) {
  const state = { reports: [], behave: null, widget: {}, urlPatterns: [], pages: {} };
  const settings = () => ({
    projectKey: KEY,
    channels,
    defaultChannelKey: "bug",
    urlPatterns: state.urlPatterns,
    widget: state.widget,
  });
  const server = createServer((request, response) => {
    answer(request, response, state, settings).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const origin = `http://localhost:${server.address().port}`;
  return { state, origin, key: KEY, stop: () => server.close(), setPage: (path, page) => (state.pages[path] = page) };
}

async function answer(request, response, state, settings) {
  const path = new URL(request.url, "http://localhost").pathname;
  const cors = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "content-type, x-feedback-source, idempotency-key",
    "access-control-expose-headers": "Retry-After",
  };
  const send = (status, type, body, more = {}) =>
    response.writeHead(status, { "content-type": type, ...cors, ...more }).end(body);
  const json = (status, value, more) => send(status, "application/json", JSON.stringify(value), more);
  const { loaders } = JSON.parse(readFileSync(join(DIST, "manifest.json"), "utf8"));
  const loader = (name) => readFileSync(join(DIST, loaders[name]));
  if (request.method === "OPTIONS") return send(204, "text/plain", "");
  if (path === `/v1/patchrooms/${KEY}.js`)
    return send(200, "text/javascript", `self.__patchrooms=${safe(settings())};\n${loader("patchrooms")}`);
  if (path === "/v1/patchrooms.js") return send(200, "text/javascript", loader("patchrooms"));
  if (path === "/widget.js") return send(200, "text/javascript", loader("miniback"));
  if (path === `/v1/patchrooms/${KEY}.json`) return json(200, settings());
  if (path === "/v1/miniback/my-website.json") return json(200, { widget: state.widget });
  if (path.startsWith("/widget/")) return send(200, "text/javascript", readFileSync(join(DIST, path.slice(8))));
  if (path.startsWith("/api/")) return take(request, path, state, json);
  const page = state.pages[path];
  if (!page) return json(404, { error: "Not found", code: "NOT_FOUND" });
  return send(200, page.type ?? "text/html", page.body, page.headers);
}

async function take(request, path, state, json) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const failed = state.behave?.(request);
  if (failed === "hang") return;
  if (failed) return json(failed.status, { error: failed.error ?? "No", code: "X" }, failed.headers);
  const type = request.headers["content-type"] ?? "";
  const form = await new Response(Buffer.concat(chunks), { headers: { "content-type": type } });
  const files = {};
  let report;
  if (type.startsWith("multipart/")) {
    for (const [name, value] of await form.formData()) {
      if (name === "report") report = JSON.parse(await value.text());
      else files[name] = Buffer.from(await value.arrayBuffer());
    }
  } else report = await form.json();
  state.reports.push({ path, headers: request.headers, report, files });
  const id = "66f0c0ffee66f0c0ffee00".padEnd(20, "0") + String(1000 + state.reports.length);
  if (path === "/api/feedback") return json(201, { data: { id, status: "NEW" } });
  json(201, { id, channelKey: report.channelKey ?? "bug", status: "open", statusUrl: `/s/${id}` });
}

/** JSON that can stand in a script, wherever that script is put. */
function safe(value) {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
