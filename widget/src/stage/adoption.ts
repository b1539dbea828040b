/** Waits until the document can take the widget in; never blocks what the page renders first. */
export function adoptionOf(page: Document): Promise<void> {
  if (page.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => page.addEventListener("DOMContentLoaded", () => resolve()));
}
