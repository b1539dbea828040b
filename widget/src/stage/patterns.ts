/** Whether the widget mounts at this address: globs (`*`) on the full URL; no pattern means everywhere. */
export function mountsAt(url: string, patterns: readonly string[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => globMatches(pattern, url));
}

/** Matches without regular expressions, so that no pattern can be slow. */
export function globMatches(pattern: string, text: string): boolean {
  const parts = pattern.trim().split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return first === text;
  const last = parts[parts.length - 1] ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
