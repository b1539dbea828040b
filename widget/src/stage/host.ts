import type { Options } from "../types";
import { adopt } from "./adopt";
import { onAccent } from "./color";
import { RIGHT_TO_LEFT } from "./labels";
import { STAGE_CSS } from "./stage-css";

export interface Stand {
  host: HTMLElement;
  shadow: ShadowRoot;
  layer: HTMLElement;
  dress(options: Options): void;
  remove(): void;
}

/** Inline and important, so that no rule of the page wins; through CSSOM, so that a strict CSP allows it. */
const ARMOUR: ReadonlyArray<[string, string]> = [
  ["all", "initial"],
  ["display", "block"],
  ["position", "fixed"],
  ["inset", "0 auto auto 0"],
  ["width", "0"],
  ["height", "0"],
  ["z-index", "2147483647"],
];

/** Makes the element that holds the widget, closed to the page's styles and above everything it shows. */
export function stand(): Stand {
  const host = document.createElement("div");
  host.setAttribute("data-backroom", "");
  for (const [name, value] of ARMOUR) host.style.setProperty(name, value, "important");
  const shadow = host.attachShadow({ mode: "open" });
  adopt(shadow, STAGE_CSS);
  const layer = document.createElement("div");
  layer.className = "layer";
  shadow.append(layer);
  document.documentElement.append(host);
  const letGo = keepOnTop(host);
  return {
    host,
    shadow,
    layer,
    dress(options) {
      layer.lang = options.locale;
      layer.dir = RIGHT_TO_LEFT.includes(options.locale) ? "rtl" : "ltr";
      layer.dataset.theme = options.theme;
      layer.style.setProperty("--br-own", options.color ?? "");
      layer.style.setProperty("--br-own-on", options.color ? onAccent(options.color) : "");
      layer.toggleAttribute("data-own", options.color !== null);
    },
    remove() {
      letGo();
      host.remove();
    },
  };
}

/**
 * Keeps the widget in the browser's top layer, and usable: what stands outside an open modal dialog or what is
 * shown fullscreen is inert, so the host moves into it and back.
 */
function keepOnTop(host: HTMLElement): () => void {
  const canPop = typeof host.showPopover === "function";
  if (canPop) host.setAttribute("popover", "manual");
  const raise = (): void => {
    if (!canPop || !host.isConnected) return;
    try {
      if (host.matches(":popover-open")) host.hidePopover();
      host.showPopover();
    } catch {
      // The page is being torn down; the widget still stands as a fixed element.
    }
  };
  const settle = (): void => {
    const home = topDialog() ?? fullscreen() ?? document.documentElement;
    if (host.parentNode === home && host.isConnected) {
      raise();
      return;
    }
    const focused = host.shadowRoot?.activeElement;
    home.append(host);
    raise();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  };
  const watcher = new MutationObserver((changes) => {
    if (changes.some((change) => change.target.nodeName === "DIALOG")) settle();
  });
  watcher.observe(document, { subtree: true, attributeFilter: ["open"] });
  // Frameworks that replace what stands in <html> may take the host away with it.
  const guard = new MutationObserver(() => {
    if (!host.isConnected) settle();
  });
  guard.observe(document.documentElement, { childList: true });
  document.addEventListener("fullscreenchange", settle);
  settle();
  return () => {
    watcher.disconnect();
    guard.disconnect();
    document.removeEventListener("fullscreenchange", settle);
  };
}

/** What is shown fullscreen, if it can have children that show; a film can't. */
function fullscreen(): Element | null {
  const shown = document.fullscreenElement;
  return shown?.matches("video,img,iframe,canvas,object,embed") ? null : shown;
}

function topDialog(): HTMLDialogElement | null {
  try {
    const open = document.querySelectorAll<HTMLDialogElement>("dialog:modal");
    return open[open.length - 1] ?? null;
  } catch {
    return null;
  }
}
