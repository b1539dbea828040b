import { bare } from "../stage/own";
import { quoteOf, selectorOf } from "./selector";

export interface Picked {
  element: Element;
  selector: string;
  quote: string;
}

export interface Place {
  host: HTMLElement;
  layer: HTMLElement;
  hint: string;
  cancel: string;
  masks: string;
  say(text: string): void;
}

/** Lets the reporter point at an element of the page: pointer or arrow keys, Enter picks, Esc leaves with null. */
export function pickElement(place: Place): Promise<Picked | null> {
  return new Promise((resolve) => new Picker(place, resolve));
}

class Picker {
  private at: Element = document.body;
  private readonly frame = div("pick-frame");
  private readonly name = div("pick-name");
  private readonly bar = div("pick-bar");
  private readonly stops: Array<() => void> = [];
  private readonly before = document.activeElement;

  constructor(
    private readonly place: Place,
    private readonly done: (picked: Picked | null) => void,
  ) {
    const leave = document.createElement("button");
    leave.type = "button";
    leave.textContent = place.cancel;
    leave.addEventListener("click", () => this.end(null));
    this.bar.append(place.hint, leave);
    this.frame.append(this.name);
    place.layer.append(this.frame, this.bar);
    // On window and captured: no handler of the page comes before ours, and none hears what is ours.
    this.listen("pointermove", (event) => this.hover(event as PointerEvent), false);
    for (const kind of [
      "pointerdown",
      "pointerup",
      "mousedown",
      "mouseup",
      "touchstart",
      "touchend",
      "dblclick",
      "contextmenu",
    ])
      this.listen(kind, () => {}, true);
    this.listen("click", (event) => this.click(event as MouseEvent), true);
    this.listen("keydown", (event) => this.key(event as KeyboardEvent), false);
    for (const kind of ["scroll", "resize"]) this.listen(kind, () => this.draw(), false);
    this.move(middle(place.host) ?? document.body, false);
    leave.focus({ preventScroll: true });
  }

  private listen(kind: string, act: (event: Event) => void, swallow: boolean): void {
    const heard = (event: Event): void => {
      if (kind !== "keydown" && event.composedPath().includes(this.bar)) return;
      if (swallow) {
        event.stopImmediatePropagation();
        if (event.cancelable) event.preventDefault();
      }
      act(event);
    };
    addEventListener(kind, heard, bare({ capture: true, passive: false }));
    this.stops.push(() => removeEventListener(kind, heard, true));
  }

  private hover(event: PointerEvent): void {
    const found = deepest(event.clientX, event.clientY, this.place.host);
    if (found && found !== this.at) this.move(found, false);
  }

  private click(event: MouseEvent): void {
    const found = deepest(event.clientX, event.clientY, this.place.host);
    this.end(found ?? this.at);
  }

  private key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const onButton = event.composedPath().includes(this.bar);
    if (!step && event.key !== "Enter" && event.key !== "Escape") return;
    if (event.key === "Enter" && onButton && !this.walked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (step) {
      this.walked = true;
      const next = step(this.at);
      if (next && next !== this.place.host) this.move(next, true);
    } else this.end(event.key === "Enter" ? this.at : null);
  }
  private walked = false;

  private move(to: Element, speak: boolean): void {
    this.at = to;
    if (speak) {
      to.scrollIntoView({ block: "nearest", inline: "nearest" });
      const quote = quoteOf(to, this.place.masks).slice(0, 60);
      this.place.say(`${short(to)}${quote ? `, ${quote}` : ""}`);
    }
    this.draw();
  }

  private draw(): void {
    const box = this.at.getBoundingClientRect();
    const { style } = this.frame;
    style.transform = `translate(${box.x}px, ${box.y}px)`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    this.name.textContent = short(this.at);
    this.frame.toggleAttribute("data-low", box.y < 30);
  }

  private end(element: Element | null): void {
    for (const stop of this.stops) stop();
    this.frame.remove();
    this.bar.remove();
    if (this.before instanceof HTMLElement) this.before.focus({ preventScroll: true });
    const { masks } = this.place;
    this.done(element && { element, selector: selectorOf(element), quote: quoteOf(element, masks) });
  }
}

/** Up to the parent, down to the first child, and along the siblings. */
const STEPS: Record<string, (at: Element) => Element | null> = {
  ArrowUp: (at) => at.parentElement ?? (at.getRootNode() as Partial<ShadowRoot>).host ?? null,
  ArrowDown: (at) => at.shadowRoot?.firstElementChild ?? at.firstElementChild,
  ArrowLeft: (at) => at.previousElementSibling,
  ArrowRight: (at) => at.nextElementSibling,
};

function deepest(x: number, y: number, host: Element): Element | null {
  let found = document.elementsFromPoint(x, y).find((element) => element !== host && !host.contains(element)) ?? null;
  while (found?.shadowRoot) {
    const inner = found.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === found) break;
    found = inner;
  }
  return found;
}

const middle = (host: Element): Element | null => deepest(innerWidth / 2, innerHeight / 2, host);

function short(element: Element): string {
  return element.localName + (element.id ? `#${element.id}` : "");
}

function div(name: string): HTMLDivElement {
  const made = document.createElement("div");
  made.className = name;
  return made;
}
