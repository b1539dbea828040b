// Changes in the text of a library while it is bundled; each must find its place, or the build stops.

/** Every match of `pattern` (a text stands for its one and only place) becomes `to`. */
export function swap(name, source, pattern, to) {
  if (typeof pattern === "string") {
    const at = source.indexOf(pattern);
    if (at < 0 || source.indexOf(pattern, at + 1) >= 0) throw changed(name, pattern);
    return source.slice(0, at) + to + source.slice(at + pattern.length);
  }
  const result = source.replace(pattern, to);
  if (result === source) throw changed(name, pattern);
  return result;
}

/** What stands from `start` up to `end`, which stays, becomes `to`. */
export function cut(name, source, start, end, to = "") {
  const from = source.indexOf(start);
  const until = source.indexOf(end, from + start.length);
  if (from < 0 || until < 0 || source.indexOf(start, from + 1) >= 0) throw changed(name, start);
  return source.slice(0, from) + to + source.slice(until);
}

const changed = (name, place) => new Error(`${name} has changed: widget/lean looks for ${place}`);
