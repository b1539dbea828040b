// The inbox: reports open beside the list, keys move and act, and what is new slides in without moving what one reads.
(() => {
  const list = document.getElementById("list");
  const pane = document.getElementById("pane");
  const panes = list.parentElement;
  const { keys, say } = window.backroom;
  const phone = matchMedia("(max-width: 860px)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let picked = new Set();
  let focusAfter = null;

  let lastActed = null;
  let following = null;
  let acting = false;
  let openings = 0;

  const rows = () => [...list.querySelectorAll(".row")];
  const row = (id) => document.getElementById(`row-${id}`);
  const query = () => list.dataset.query;
  const address = (extra) =>
    `${list.dataset.path}?${query() ? `${query()}&` : ""}workspace=${list.dataset.workspace}&${extra}`;
  const place = () => (query() ? `${list.dataset.path}?${query()}` : list.dataset.path);
  const listTitle = document.title;
  const opened = () => pane.querySelector("[data-report]")?.dataset.report ?? null;
  const focused = () => document.activeElement?.closest?.(".row")?.dataset.id ?? null;

  // ---- opening and closing

  async function open(href, { push = true, focus = true } = {}) {
    const mine = ++openings;
    const answer = await reach(href);
    const html = await answer?.text();
    // What comes late takes nobody's place: another was opened meanwhile, or all was closed.
    if (!html || mine !== openings) return;
    pane.innerHTML = html;
    htmx.process(pane);
    panes.setAttribute("data-open", "");
    const id = opened();
    mark(id);
    if (push) history.pushState({ pane: href }, "", href);
    const title = pane.querySelector("h1");
    document.title = title ? `${title.textContent} · Backroom` : document.title;
    pane.scrollTop = 0;
    if (focus && phone.matches) title?.focus();
  }

  function mark(id) {
    for (const each of rows()) each.toggleAttribute("data-on", each.dataset.id === id);
  }

  function close() {
    openings++;
    const id = opened();
    panes.removeAttribute("data-open");
    pane.replaceChildren();
    document.title = listTitle;
    mark(null);
    if (id) row(id)?.querySelector("a")?.focus();
  }

  list.addEventListener("click", (event) => {
    const link = event.target.closest("a.row-link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link.href);
  });
  pane.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-newer], a[data-older], a[data-close-pane]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (link.matches("[data-close-pane]")) back();
    else open(link.href);
  });

  function back() {
    close();
    history.pushState({}, "", place());
  }
  addEventListener("popstate", (event) => {
    if (event.state?.pane) open(event.state.pane, { push: false });
    else if (location.pathname.startsWith("/r/")) open(location.href, { push: false });
    else if (location.pathname === list.dataset.path) close();
    else location.reload();
  });

  // ---- moving by keys

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((each) => each.dataset.id === (focused() ?? opened()));
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
    const link = next.querySelector("a.row-link");
    link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    if (opened() && !phone.matches && opened() !== next.dataset.id) follow(link.href);
    if (next === all.at(-1)) document.getElementById("older")?.click();
  }
  function follow(href) {
    clearTimeout(following);
    following = setTimeout(() => {
      following = null;
      open(href, { focus: false });
    }, 120);
  }
  keys.set("j", () => move(1));
  keys.set("k", () => move(-1));
  keys.set("/", () => document.getElementById("q").focus());
  keys.set("?", () => document.getElementById("keys").showModal());
  keys.set("n", () => document.getElementById("comment-text")?.focus());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (document.activeElement?.matches("input, textarea")) document.activeElement.blur();
    else if (picked.size) pickNone();
    else if (opened()) back();
  });

  // ---- selecting

  function count() {
    picked = new Set(rows().filter((each) => each.querySelector("[name=id]")?.checked).map((each) => each.dataset.id));
    list.toggleAttribute("data-picking", picked.size > 0);
    const all = list.querySelector("[name=all]");
    if (!picked.size) all.value = "";
    // Viewers have none.
    const words = document.getElementById("bulk-count");
    if (words) words.textContent = all.value ? "All that match are selected" : `${picked.size} selected`;
  }
  function pickNone() {
    for (const each of list.querySelectorAll("[name=id]:checked")) each.checked = false;
    count();
  }
  list.addEventListener("change", (event) => {
    if (event.target.name !== "id") return;
    if (!event.target.checked) list.querySelector("[name=all]").value = "";
    count();
  });
  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-none]")) pickNone();
    if (event.target.closest("[data-all]")) {
      for (const each of list.querySelectorAll("[name=id]")) each.checked = true;
      list.querySelector("[name=all]").value = "yes";
      count();
    }
  });
  keys.set("x", () => {
    const id = focused() ?? opened();
    const box = id && row(id)?.querySelector("[name=id]");
    if (!box) return;
    box.checked = !box.checked;
    count();
  });

  // ---- acting: on the selection, else on the open report, or the row in focus where the eye has moved on

  const current = () => (following ? focused() : (opened() ?? focused()));
  const targets = () => (picked.size ? [...picked] : [current()].filter(Boolean));

  async function act(change, ids = targets(), all = list.querySelector("[name=all]").value) {
    if (!ids.length) return say("Select a report first.");
    if (change === "label:" || acting) return;
    const back = { path: list.dataset.path, query: query(), workspace: list.dataset.workspace };
    const body = new URLSearchParams({ change, all, back: place(), ...back });
    if (!all) for (const id of ids) body.append("id", id);
    await post("/apply", body, ids, change === "delete");
  }

  async function post(path, body, ids, gone = false) {
    acting = true;
    const answer = await reach(path, { method: "POST", body }).finally(() => { acting = false; });
    if (!answer) return;
    document.getElementById("said").innerHTML = await answer.text();
    if (!answer.ok) return;
    pickNone();
    if (ids.length) stepOver(ids);
    else focusAfter = lastActed;
    lastActed = ids[0] ?? null;
    const next = focusAfter;
    const was = opened();
    if (gone && ids.includes(was)) back();
    await Promise.all([reload(), refreshPane()]);
    // What left the list makes room for the next one in the pane too.
    const left = was && opened() === was && ids.includes(was) && !row(was) && next && row(next);
    if (left && !phone.matches) await open(row(next).querySelector("a.row-link").href, { focus: false });
  }

  // Asks the server; says so where it can't be reached, and goes where it is told to.
  async function reach(path, { quiet = false, ...options } = {}) {
    const complain = quiet ? () => {} : say;
    let answer;
    try {
      answer = await fetch(path, { ...options, headers: { "HX-Request": "true" } });
    } catch {
      complain("The server can't be reached. Nothing was changed; try again in a moment.");
      return null;
    }
    const moved = answer.headers.get("hx-redirect");
    if (moved) location.assign(moved);
    else if (answer.status === 409) location.reload();
    else if (answer.ok || options.method) return answer;
    else complain("That can't be shown right now. Reload the page.");
    return null;
  }

  // The focus stays where the eye is: at the row behind the ones that go away.
  function stepOver(ids) {
    const all = rows();
    const at = all.findIndex((each) => ids.includes(each.dataset.id));
    focusAfter = all.slice(at + 1).find((each) => !ids.includes(each.dataset.id))?.dataset.id ?? all[at - 1]?.dataset.id;
  }

  for (const [key, status] of Object.entries({ e: "resolved", t: "triaged", i: "in-progress", c: "closed", o: "open" }))
    keys.set(key, () => act(`status:${status}`));
  for (const [key, kind] of Object.entries({ a: "assignee", l: "label", m: "channel" })) keys.set(key, () => choose(kind));

  // The report's own menu where it is open and nothing is selected, else the bar's.
  async function choose(kind) {
    if (!picked.size && !opened()) {
      const id = focused();
      if (!id) return say("Select a report first.");
      await open(row(id).querySelector("a.row-link").href);
    }
    const menu = picked.size
      ? [...list.querySelectorAll("#bulk-bar details")][{ assignee: 1, label: 2, channel: 3 }[kind]]
      : pane.querySelector(`[data-key-menu=${kind}]`)?.parentElement;
    if (!menu) return;
    menu.open = true;
    menu.querySelector(".menu-box button, .menu-box input")?.focus();
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id === "bulk") {
      event.preventDefault();
      act(changeOf(form, event.submitter));
    } else if (form.matches("[data-act]")) {
      event.preventDefault();
      for (const menu of pane.querySelectorAll("details[open]")) menu.open = false;
      act(changeOf(form, event.submitter), [form.elements.id.value], "");
    } else if (form.matches("[data-comment]")) {
      event.preventDefault();
      send(form);
    } else if (form.closest("#said")) {
      event.preventDefault();
      post(form.getAttribute("action"), new URLSearchParams(new FormData(form)), []);
    }
  });
  // What the button says, with the label that was typed where it asks for one.
  function changeOf(form, button) {
    const own = new FormData(form, button);
    const change = String(own.get("change") ?? "");
    return change === "label:" ? change + (own.get("label") ?? "") : change;
  }
  async function send(form) {
    const text = form.querySelector("textarea");
    if (!text.value.trim()) return text.focus();
    if (acting) return;
    acting = true;
    const id = opened();
    const sent = text.value;
    const body = new URLSearchParams(new FormData(form));
    const answer = await reach(form.action, { method: "POST", body }).finally(() => { acting = false; });
    const html = await answer?.text();
    if (!html || opened() !== id) return;
    // What was written while it went out stays in the box, also where the report was opened anew meanwhile.
    const now = document.getElementById("comment-text");
    const typed = now.value.startsWith(sent) ? now.value.slice(sent.length).trimStart() : now.value;
    const writing = document.activeElement === now;
    pane.innerHTML = html;
    htmx.process(pane);
    mark(id);
    const box = document.getElementById("comment-text");
    if (typed) box.value = answer.ok ? typed : now.value;
    if (typed && writing) box.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest?.("form")?.requestSubmit();
  });

  // ---- reading again what is on the page

  async function part(extra, options) {
    const html = await reach(address(extra), options).then((answer) => answer?.text()).catch(() => null);
    return html ? new DOMParser().parseFromString(`<body>${html}`, "text/html").body : null;
  }

  // Says whether it could.
  async function reload(options) {
    const top = list.scrollTop;
    const page = await part(`part=list&limit=${Math.max(50, rows().length)}`, options);
    if (!page) return false;
    // What stands there instead of rows stays as it is, with the focus that it may have.
    const fresh = page.querySelector("#rows");
    if (rows().length || fresh.querySelector(".row")) list.querySelector("#rows").replaceChildren(...fresh.childNodes);
    setTabs(page.querySelector("#tabs"));
    htmx.process(list.querySelector("#rows"));
    list.scrollTop = top;
    mark(opened());
    if (focusAfter) row(focusAfter)?.querySelector("a")?.focus({ preventScroll: true });
    focusAfter = null;
    count();
    return true;
  }

  // Their numbers; the focus stays on the tab that has it.
  function setTabs(fresh) {
    const tabs = list.querySelector("#tabs");
    const words = (node) => node.textContent.replace(/\s+/g, " ").trim();
    if (words(tabs) === words(fresh)) return;
    const at = [...tabs.children].indexOf(document.activeElement);
    tabs.replaceChildren(...fresh.childNodes);
    tabs.children[at]?.focus({ preventScroll: true });
  }

  // The pane's facts and story anew; what one is writing, choosing or listening to stays as it is.
  async function refreshPane() {
    const id = opened();
    if (!id) return;
    const answer = await fetch(pane.querySelector("[data-report]").dataset.href, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || opened() !== id) return;
    const fresh = new DOMParser().parseFromString(`<body>${await answer.text()}`, "text/html").body;
    for (const part of [".pane-head", ".by", ".timeline ol"]) {
      const old = pane.querySelector(part);
      const next = fresh.querySelector(part);
      const used = old?.querySelector("details[open]") || (part === ".pane-head" && old?.contains(document.activeElement) && document.activeElement.matches("input"));
      if (old && next && !used && old.outerHTML !== next.outerHTML) old.replaceWith(next);
      if (used) stale = true;
    }
    pane.querySelector("[data-report]").dataset.updated = fresh.querySelector("[data-report]").dataset.updated;
  }
  let stale = false;
  pane.addEventListener("toggle", (event) => {
    if (!stale || event.target.open) return;
    stale = false;
    refreshPane();
  }, true);

  // ---- live

  let source = null;
  let busy = false;
  let once = false;
  let again = null;
  let patience = 2000;
  const offline = document.getElementById("offline");
  const bar = document.getElementById("live-bar");

  function listen() {
    clearTimeout(again);
    source?.close();
    // A browser has six connections to a host: a window that nobody sees needs none.
    if (document.hidden) return;
    source = new EventSource(list.dataset.live);
    // Browsers give up after an answer that isn't a stream, as a proxy gives while the server starts again.
    source.addEventListener("error", () => {
      offline.hidden = false;
      if (source.readyState === EventSource.CLOSED) listenLater();
    });
    // The first one comes with the connection, so that what nobody heard is caught up with.
    source.addEventListener("changed", freshen);
  }

  function heard() {
    patience = 2000;
    offline.hidden = true;
  }
  function listenLater() {
    offline.hidden = false;
    clearTimeout(again);
    again = setTimeout(listen, patience);
    patience = Math.min(patience * 2, 60000);
  }

  async function freshen() {
    if (busy) {
      once = true;
      return;
    }
    busy = true;
    try {
      await catchUp();
    } finally {
      busy = false;
      if (once) {
        once = false;
        freshen();
      }
    }
  }

  async function catchUp() {
    const shown = rows().map((each) => each.dataset.id);
    const newest = shown[0] ?? "";
    const open = opened();
    if (!newest && !open) return (await reload({ quiet: true })) ? heard() : listenLater();
    const asked = [...new Set([...shown.slice(0, 299), open].filter(Boolean))];
    const page = await part(`part=live&newest=${newest}&shown=${asked.join(",")}`, { quiet: true });
    // Looked for again: the next change may be long in coming.
    if (!page) return listenLater();
    heard();
    setTabs(page.querySelector("[data-tabs]"));
    const now = new Map([...page.querySelectorAll("[data-stale] .row")].map((each) => [each.dataset.id, each]));
    for (const id of asked) replaceRow(row(id), now.get(id));
    const fresh = [...page.querySelectorAll("[data-fresh] .row")];
    if (newest) add(fresh.filter((each) => !row(each.dataset.id)));
    if (newest && fresh.length >= 50) once = true;
    if (!newest) await reload();
    if (!open || opened() !== open) return;
    const its = now.get(open);
    if (!its) {
      const typed = document.getElementById("comment-text")?.value.trim();
      if (typed) say("The open report was deleted. What you wrote is still here.");
      else {
        back();
        say("The report that was open is gone.");
      }
    } else if (its.dataset.updated !== pane.querySelector("[data-report]").dataset.updated) await refreshPane();
  }

  function replaceRow(old, next) {
    if (!old) return;
    if (!next) return old.setAttribute("data-gone", "");
    // What was brought back is as it was.
    old.removeAttribute("data-gone");
    if (old.dataset.updated === next.dataset.updated) return;
    const had = old.contains(document.activeElement);
    // Viewers have no boxes.
    const box = next.querySelector("[name=id]");
    if (box) box.checked = old.querySelector("[name=id]").checked;
    next.toggleAttribute("data-on", old.hasAttribute("data-on"));
    old.replaceWith(next);
    if (had) next.querySelector("a.row-link").focus({ preventScroll: true });
  }

  function add(fresh) {
    if (!fresh.length) return;
    const place = list.querySelector("#rows [role=list]");
    const before = place.offsetHeight;
    for (const each of fresh) each.classList.add("row-new");
    place.prepend(...fresh);
    // At the very top, with nothing open or in focus, they may push the others down; else what one reads stays.
    const scroller = phone.matches ? document.scrollingElement : list;
    if (scroller.scrollTop > 0 || opened() || focused()) {
      scroller.scrollTop += place.offsetHeight - before;
      announce(fresh.length);
    } else tell(fresh.length);
  }

  // In words for those who don't see the rows come.
  const newReports = (n) => (n === 1 ? "1 new report" : `${n} new reports`);
  function tell(n) {
    settle();
    bar.append(Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: newReports(n) }));
  }
  let waiting = 0;
  function announce(n) {
    waiting += n;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: newReports(waiting) });
    button.addEventListener("click", () => {
      (phone.matches ? document.scrollingElement : list).scrollTo({ top: 0, behavior: still.matches ? "auto" : "smooth" });
      settle();
    });
    bar.replaceChildren(button);
  }
  function settle() {
    waiting = 0;
    bar.replaceChildren();
  }
  list.addEventListener("scroll", () => { if (list.scrollTop === 0) settle(); }, { passive: true });

  listen();
  addEventListener("pagehide", () => source?.close());
  document.addEventListener("visibilitychange", listen);
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
})();
