import type { App } from "../types";
import { LAUNCHER } from "./labels";
import { place } from "./place";

export interface Launcher {
  element: HTMLButtonElement;
  /** Puts a sentence on the button; without one, its own label again. */
  say(text?: string): void;
  remove(): void;
}

/** The button at the edge that opens the room. */
export function launcher(app: App, open: () => void): Launcher {
  const { options } = app;
  const region = document.createElement("aside");
  const button = document.createElement("button");
  const label = document.createElement("span");
  button.className = "launcher";
  button.setAttribute("aria-haspopup", "dialog");
  place(button, options.anchor);
  if (app.dress === "miniback") button.toggleAttribute("data-plain", true);
  else button.append(app.face(options.mascot));
  button.append(label);
  button.addEventListener("click", open);
  region.append(button);
  app.layer.append(region);
  const say = (text?: string): void => {
    label.textContent = text ?? options.texts.launcher ?? LAUNCHER[options.locale];
    label.className = options.shape === "bubble" && !text ? "unseen" : "";
    button.dataset.shape = text ? "pill" : options.shape;
  };
  say();
  region.setAttribute("aria-label", label.textContent ?? "");
  region.setAttribute("aria-live", "polite");
  return { element: button, say, remove: () => region.remove() };
}
