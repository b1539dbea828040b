/** Keeps the page's last console errors for a report (Patchrooms, option `captureConsoleErrors`). */

const MOST = 10;
/** More than goes along, which is cut once it is scrubbed. */
const LENGTH = 10_000;

export interface ErrorEar {
  last(): string[];
  stop(): void;
}

export function listenToErrors(): ErrorEar {
  const kept: string[] = [];
  const keep = (parts: unknown[]): void => {
    try {
      kept.push(parts.map(words).join(" ").slice(0, LENGTH));
      if (kept.length > MOST) kept.shift();
    } catch {
      // An object that throws when it is read isn't worth a word.
    }
  };
  const before = console.error;
  let listening = true;
  const hook = function (this: unknown, ...parts: unknown[]): void {
    if (listening) keep(parts);
    before.apply(this, parts);
  };
  console.error = hook;
  const uncaught = (event: ErrorEvent): void => {
    if (event.message)
      keep([event.error instanceof Error ? event.error : `${event.message} (${event.filename}:${event.lineno})`]);
  };
  const unhandled = (event: PromiseRejectionEvent): void => keep(["Unhandled rejection:", event.reason]);
  addEventListener("error", uncaught);
  addEventListener("unhandledrejection", unhandled);
  return {
    last: () => [...kept],
    stop() {
      listening = false;
      // Whoever hooked the console after us keeps their hook; ours then only passes calls on.
      if (console.error === hook) console.error = before;
      removeEventListener("error", uncaught);
      removeEventListener("unhandledrejection", unhandled);
    },
  };
}

export function words(part: unknown): string {
  if (typeof part === "string") return part;
  if (part instanceof Error) {
    const stack = part.stack ?? "";
    return stack.includes(part.message) ? stack : `${part.name}: ${part.message}\n${stack}`;
  }
  if (typeof Node === "function" && part instanceof Node) return `<${part.nodeName.toLowerCase()}>`;
  try {
    return (JSON.stringify(part) as string | undefined) ?? String(part);
  } catch {
    return String(part);
  }
}
