/** Keeps the room in what the on-screen keyboard and pinch zoom leave of the window. */
export function fitToViewport(slot: HTMLElement): () => void {
  const view = visualViewport as VisualViewport;
  const fit = (): void => {
    slot.style.setProperty("--br-h", `${view.height}px`);
    slot.style.setProperty("--br-top", `${view.offsetTop}px`);
  };
  fit();
  view.addEventListener("resize", fit);
  view.addEventListener("scroll", fit);
  return () => {
    view.removeEventListener("resize", fit);
    view.removeEventListener("scroll", fit);
  };
}
