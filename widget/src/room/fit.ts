/** Keeps the room in what the on-screen keyboard and pinch zoom leave of the window. */
export function fitToViewport(slot: HTMLElement): () => void {
  const view = window.visualViewport;
  const fit = (): void => {
    const height = view?.height ?? innerHeight;
    slot.style.setProperty("--br-h", `${Math.round(height)}px`);
    slot.style.setProperty("--br-top", `${Math.round(view?.offsetTop ?? 0)}px`);
  };
  fit();
  view?.addEventListener("resize", fit);
  view?.addEventListener("scroll", fit);
  addEventListener("resize", fit);
  return () => {
    view?.removeEventListener("resize", fit);
    view?.removeEventListener("scroll", fit);
    removeEventListener("resize", fit);
  };
}
