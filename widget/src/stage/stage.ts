import { reportsAsMarkdown } from "../report/markdown";
import type { App, Dress, EventName, Options, Project, Room } from "../types";
import { watchAddress } from "./address";
import { type ErrorEar, listenToErrors } from "./console";
import { followPointer } from "./eyes";
import { face } from "./faces";
import { type Stand, stand } from "./host";
import { loadFailed } from "./labels";
import { type Launcher, launcher } from "./launcher";
import { localStore } from "./local";
import { safely, warn } from "./own";
import { mountsAt } from "./patterns";
import { clearPending, isPending, setPending } from "./pending";

export interface Setting {
  options: Options;
  project: Project;
  dress: Dress;
  home: string;
  load<T>(chunk: string): Promise<T>;
  emit(name: EventName, detail?: unknown): void;
}

/** One mounted widget: the launcher at the edge, and the room once somebody opens it. */
export class Stage {
  readonly app: App;
  private readonly standing: Stand;
  private readonly ear: ErrorEar | null;
  private readonly undo: Array<() => void> = [];
  private button: Launcher | null = null;
  private room: Promise<Room> | null = null;
  private ended = false;
  private isOpen = false;
  /** What had the focus when the room was opened. */
  private before: Element | null = null;

  constructor(setting: Setting) {
    const { options } = setting;
    this.ear = options.captureConsoleErrors ? listenToErrors() : null;
    this.standing = stand();
    this.standing.dress(options);
    this.app = {
      ...setting,
      api: options.apiUrl ?? setting.home,
      host: this.standing.host,
      shadow: this.standing.shadow,
      layer: this.standing.layer,
      local: options.storage === "local" ? localStore(options) : null,
      channel: options.channel,
      face,
      markdown: () => reportsAsMarkdown(this.app.local?.reports() ?? [], options.artifact),
      consoleErrors: () => this.ear?.last() ?? [],
      closed: () => this.wasClosed(),
      pendingFlag: (on) => (on ? setPending() : clearPending()),
    };
    this.undo.push(followPointer(() => this.standing.layer.querySelectorAll(".face")));
    this.undo.push(watchAddress(() => this.showLauncher()));
    this.showLauncher();
    if (isPending() && !this.app.local) this.sendWhatWaits();
  }

  async open(): Promise<void> {
    if (this.ended) return;
    this.button?.element.setAttribute("aria-busy", "true");
    this.button?.say();
    if (!this.isOpen) this.before = document.activeElement;
    try {
      this.room ??= this.app
        .load<{ mountRoom(app: App): Promise<Room> }>("room")
        .then((chunk) => chunk.mountRoom(this.app));
      const room = await this.room;
      if (this.ended) return room.destroy();
      room.open();
      if (this.isOpen) return;
      this.isOpen = true;
      if (this.button) this.button.element.hidden = true;
      this.app.emit("open");
    } catch (error) {
      this.room = null;
      this.button?.say(this.app.options.texts.loadFailed ?? loadFailed(this.app.options.locale));
      warn(error);
      warn(`${this.app.home} is out of reach. Does the page's Content-Security-Policy allow it in script-src?`);
    } finally {
      this.button?.element.removeAttribute("aria-busy");
    }
  }

  close(): void {
    this.room?.then((room) => room.close()).catch(warn);
  }

  refresh(): void {
    this.room?.then((room) => room.refresh()).catch(warn);
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.room?.then((room) => room.destroy()).catch(() => {});
    for (const act of this.undo) safely(act, undefined);
    this.ear?.stop();
    this.standing.remove();
  }

  /** Shows or hides the launcher: single-page apps change the address without loading anything. */
  private showLauncher(): void {
    const { options, project } = this.app;
    const wanted = options.trigger === "visible" && mountsAt(location.href, project.urlPatterns);
    if (wanted && !this.button) {
      this.button = launcher(this.app, () => void this.open());
      this.button.element.hidden = this.isOpen;
    }
    if (!wanted && this.button) {
      this.button.remove();
      this.button = null;
    }
  }

  private wasClosed(): void {
    this.isOpen = false;
    this.app.emit("close");
    const button = this.button?.element;
    if (button) button.hidden = false;
    // Somebody who is at work in the page stays there.
    const at = document.activeElement;
    if (at && at !== document.body && at !== this.standing.host) return;
    ((button ?? this.before) as HTMLElement | null)?.focus?.({ preventScroll: true });
  }

  /** Reports of an earlier visit go out when the page has nothing better to do. */
  private sendWhatWaits(): void {
    const later =
      typeof requestIdleCallback === "function" ? requestIdleCallback : (act: () => void) => setTimeout(act, 2_000);
    later(() => {
      this.app
        .load<{ sendWaiting(app: App): Promise<void> }>("room")
        .then((chunk) => chunk.sendWaiting(this.app))
        .catch(() => {
          // The next visit tries again; there is no one to tell now.
        });
    });
  }
}
