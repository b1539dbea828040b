/** A UUID of version 7: the time first, so that the server's index grows at its end. */
export function uuid7(now: number, random: Uint8Array): string {
  const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");
  const rest = [...random].map((byte) => hex(byte, 2)).join("");
  return `${hex(now, 12)}7${rest}`.replace(/^(.{8})(.{4})(.{4}).(.{3})(.{12}).*/, "$1-$2-$3-8$4-$5");
}

// getRandomValues, unlike randomUUID, also works on pages without https.
export const newId = (): string => uuid7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
