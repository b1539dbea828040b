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

/**
 * Lets the reporter point at an element of the page: a click or tap, or arrow keys and Enter. Null where Esc is pressed,
 * or the room is closed, which it tells by the event `leave` on its layer.
 */
export function pickElement(place: Place): Promise<Picked | null> {
  return new Promise((resolve) => {
    // The room may have gone while this was loaded.
    if (place.layer.querySelector(".room")) new Picker(place, resolve);
    else resolve(null);
  });
}

/** What has a document of its own, which would hear the click in our place. */
const FRAMES = "iframe,embed";

class Picker {
  private at: Element = document.body;
  private readonly frame = div("pick-frame");
  private readonly name = div("pick-name");
  private readonly bar = div("pick-bar");
  private readonly all = div("");
  private readonly shields = [...document.querySelectorAll(FRAMES)].map((element) => ({
    element,
    shield: div("pick-shield"),
  }));
  private readonly stops: Array<() => void> = [];
  private readonly before = document.activeElement;

  constructor(
    private readonly place: Place,
    private readonly done: (picked: Picked | null) => void,
  ) {
    const leave = document.createElement("button");
    leave.textContent = place.cancel;
    leave.addEventListener("click", () => this.end(null));
    this.bar.append(place.hint, leave);
    this.frame.append(this.name);
    this.all.append(...this.shields.map(({ shield }) => shield), this.frame, this.bar);
    place.layer.append(this.all);
    // On window and captured: no handler of the page comes before ours, and none hears what is ours.
    this.listen("pointermove", (event) => this.hover(event as PointerEvent), false);
    this.listen(SWALLOWED, () => {}, true);
    this.listen("click", (event) => this.click(event as MouseEvent), true);
    this.listen("keydown", (event) => this.key(event as KeyboardEvent), false);
    this.listen("scroll resize", () => this.draw(), false);
    place.layer.addEventListener("leave", () => this.all.parentNode && this.end(null));
    this.move(middle(place.host) ?? document.body, false);
    leave.focus({ preventScroll: true });
    place.say(place.hint);
  }

  private listen(kinds: string, act: (event: Event) => void, swallow: boolean): void {
    const heard = (event: Event): void => {
      if (kinds !== "keydown" && event.composedPath().includes(this.bar)) return;
      if (swallow) {
        event.stopImmediatePropagation();
        // A touch that is prevented is neither a click nor a way to scroll.
        if (event.cancelable && !event.type.startsWith("touch")) event.preventDefault();
      }
      act(event);
    };
    for (const kind of kinds.split(" ")) {
      addEventListener(kind, heard, bare({ capture: true, passive: false }));
      this.stops.push(() => removeEventListener(kind, heard, true));
    }
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
    for (const { element, shield } of this.shields) cover(shield, element);
    this.name.textContent = short(this.at);
    this.frame.toggleAttribute("data-low", cover(this.frame, this.at).y < 30);
  }

  private end(element: Element | null): void {
    for (const stop of this.stops) stop();
    this.all.remove();
    if (this.before instanceof HTMLElement) this.before.focus({ preventScroll: true });
    const { masks } = this.place;
    this.done(element && { element, selector: selectorOf(element), quote: quoteOf(element, masks) });
  }
}

const SWALLOWED =
  "pointerdown pointerup mousedown mouseup touchstart touchmove touchend touchcancel dblclick contextmenu";

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

/** Lays ours over theirs; tells where that is. */
function cover(ours: HTMLElement, theirs: Element): DOMRect {
  const box = theirs.getBoundingClientRect();
  ours.style.transform = `translate(${box.x}px, ${box.y}px)`;
  ours.style.width = `${box.width}px`;
  ours.style.height = `${box.height}px`;
  return box;
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
