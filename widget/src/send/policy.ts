import { warn } from "../stage/own";

/** Watches for the page's Content-Security-Policy stopping a request, and names the directive to add, once. */
export function directiveFor(address: string): () => void {
  const origin = new URL(address, location.href).origin;
  const listen = (event: SecurityPolicyViolationEvent): void => {
    if (!event.blockedURI.startsWith(origin) || blocked.has(origin)) return;
    blocked.add(origin);
    warn(`the page's Content-Security-Policy stops reports. Add to it: ${event.effectiveDirective} ${origin}`);
  };
  document.addEventListener("securitypolicyviolation", listen);
  // The event is queued behind the failed fetch.
  return () => void setTimeout(() => document.removeEventListener("securitypolicyviolation", listen), 1_000);
}

const blocked = new Set<string>();

export const isBlocked = (address: string): boolean => blocked.has(new URL(address, location.href).origin);
