import type { App } from "../types";
import { LAUNCHER } from "./labels";
import { place } from "./place";

export interface Launcher {
  element: HTMLButtonElement;
  remove(): void;
}

/** The button at the edge that opens the room. */
export function launcher(app: App, open: () => void): Launcher {
  const { options } = app;
  const region = document.createElement("aside");
  const button = document.createElement("button");
  const label = document.createElement("span");
  label.textContent = options.texts.launcher ?? LAUNCHER[options.locale];
  if (options.shape === "bubble") label.className = "unseen";
  region.setAttribute("aria-label", label.textContent);
  button.type = "button";
  button.className = "launcher";
  button.dataset.shape = options.shape;
  button.setAttribute("aria-haspopup", "dialog");
  place(button, options.anchor);
  if (app.dress === "miniback") button.toggleAttribute("data-plain", true);
  else button.append(app.face(options.mascot));
  button.append(label);
  button.addEventListener("click", open);
  region.append(button);
  app.layer.append(region);
  return { element: button, remove: () => region.remove() };
}
