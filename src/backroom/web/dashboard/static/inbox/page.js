// What stands on the inbox's page: the list of reports, and beside it the pane for the one that is open.

export const list = document.getElementById("list");
export const pane = document.getElementById("pane");
export const panes = list.parentElement;

const phone = matchMedia("(max-width: 860px)");

// A phone shows the list or a report, never both.
export const onPhone = () => phone.matches;
export const scroller = () => (onPhone() ? document.scrollingElement : list);

export const rows = () => [...list.querySelectorAll(".row")];
export const row = (id) => document.getElementById(`row-${id}`);
export const linkOf = (each) => each.querySelector("a.row-link");

export const opened = () => pane.querySelector("[data-report]")?.dataset.report ?? null;
export const focused = () => document.activeElement?.closest?.(".row")?.dataset.id ?? null;

// The list's address as people see it, and that of a part of it.
export const place = () => withQuery(list.dataset.query);
export function partOf(extra) {
  const { query, workspace } = list.dataset;
  return withQuery([query, `workspace=${workspace}`, extra].filter(Boolean).join("&"));
}

function withQuery(query) {
  return query ? `${list.dataset.path}?${query}` : list.dataset.path;
}

export function mark(id) {
  for (const each of rows()) each.toggleAttribute("data-on", each.dataset.id === id);
}

export function parse(html) {
  return new DOMParser().parseFromString(`<body>${html}`, "text/html").body;
}
