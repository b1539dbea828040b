/** Reading objects of the page without trusting their prototypes: a page may have put anything on Object.prototype. */

const has = Object.prototype.hasOwnProperty;

export function own(object: unknown, name: string): unknown {
  return object !== null && typeof object === "object" && has.call(object, name)
    ? (object as Record<string, unknown>)[name]
    : undefined;
}

export function ownString(object: unknown, name: string): string | null {
  const value = own(object, name);
  return typeof value === "string" && value !== "" ? value : null;
}

/** A bag for the browser's own option objects, which read inherited fields too. */
export function bare<T extends object>(fields: T): T {
  return Object.assign(Object.create(null) as T, fields);
}

/** Runs what must never throw into the page. */
export function safely<T>(act: () => T, otherwise: T): T {
  try {
    return act();
  } catch (error) {
    warn(error);
    return otherwise;
  }
}

export function warn(what: unknown): void {
  console.warn("[Patchrooms]", what);
}
