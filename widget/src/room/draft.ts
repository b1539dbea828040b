import { newId } from "../report/uuid";
import { openShelf, type Shelf } from "../send/store";

/** A block while it is being written: pictures and sounds as blobs. */
export type DraftBlock =
  | { id: string; type: "text"; text: string }
  | { id: string; type: "screenshot"; blob: Blob; width: number; height: number; masked: number | null }
  | { id: string; type: "audio"; blob: Blob; durationMs: number }
  | { id: string; type: "selection"; quote: string; selector: string | null; url: string };

export interface Draft {
  blocks: DraftBlock[];
  text: string;
  channel: string | null;
  name: string;
  mail: string;
  /** Ids of the context parts that the reporter took out. */
  left: string[];
}

export const emptyDraft = (): Draft => ({ blocks: [], text: "", channel: null, name: "", mail: "", left: [] });

export const isEmpty = (draft: Draft): boolean => draft.blocks.length === 0 && draft.text.trim() === "";

/** A draft and the name that it is kept under: the room's, and one of the tab's own. */
type Kept = Draft & { key: string };

/**
 * Keeps a draft over closing the room, reloading the page and a crash of the tab. Each tab has its own; one whose tab
 * is gone goes to the next that has none.
 */
export class DraftKeeper {
  private shelf: Promise<Shelf> = openShelf();
  private key: string;
  private timer = 0;
  private latest: Draft | null = null;
  private written: Draft | null = null;
  private writing: Promise<void> = Promise.resolve();
  private letGo: (() => void) | null = null;

  constructor(private readonly name: string) {
    this.key = `${name}:${newId()}`;
    addEventListener("pagehide", this.flush);
    document.addEventListener("visibilitychange", this.flush);
  }

  async load(): Promise<Draft> {
    const fresh = { ...emptyDraft(), key: this.key };
    const own = this.tab((tab) => tab.getItem(this.name)) ?? this.key;
    const all = await (await this.shelf).all<Kept>("drafts");
    const found = all.filter(({ key }) => key?.slice(0, -37) === this.name).reverse();
    const mine = { ...fresh, ...found.find(({ key }) => key === own), key: own };
    // What is being typed is written at once, beside the database: a reload right after a key press loses nothing.
    mine.text = this.tab((tab) => tab.getItem(own)) ?? mine.text;
    const order = [mine, ...found].sort((a, b) => Number(isEmpty(a)) - Number(isEmpty(b)));
    for (const draft of [...order, fresh]) {
      if (!(await this.claim(draft.key))) continue;
      this.key = draft.key;
      this.tab((tab) => tab.setItem(this.name, draft.key));
      return draft;
    }
    return fresh;
  }

  keep(draft: Draft): void {
    const { latest } = this;
    this.latest = draft;
    if (draft.text !== latest?.text && this.tab((tab) => tab.setItem(this.key, draft.text)) === null)
      this.tab((tab) => tab.removeItem(this.key));
    clearTimeout(this.timer);
    // Blocks at once: a database gets nothing done while the page goes away.
    if (draft.blocks !== latest?.blocks) void this.flush();
    else this.timer = window.setTimeout(this.flush, 150);
  }

  stop(): void {
    void this.flush().then(() => this.letGo?.());
    removeEventListener("pagehide", this.flush);
    document.removeEventListener("visibilitychange", this.flush);
  }

  /** Resolves once the draft is kept as it is now. Writes go one after the other, each of what is the latest then. */
  readonly flush = (): Promise<void> => {
    clearTimeout(this.timer);
    this.writing = this.writing.then(async () => {
      const draft = this.latest;
      if (!draft || this.written === draft) return;
      this.written = draft;
      const shelf = await this.shelf;
      if (isEmpty(draft) && !draft.name && !draft.mail) await shelf.remove("drafts", this.key);
      else await shelf.put("drafts", this.key, { ...draft, key: this.key });
    });
    return this.writing;
  };

  /** Takes a draft for this tab, until it goes; false where another tab has it. */
  private claim(key: string): Promise<boolean> {
    const { locks } = navigator as { locks?: LockManager };
    return new Promise((resolve) => {
      // Pages without https can't tell: two tabs may then begin with the same draft, and both keep it.
      if (!locks) return resolve(true);
      const hold = (lock: Lock | null): unknown => {
        resolve(!!lock);
        return lock && new Promise<void>((letGo) => (this.letGo = letGo));
      };
      locks.request(key, { ifAvailable: true }, hold).catch(() => resolve(false));
    });
  }

  private tab<T>(act: (tab: Storage) => T): T | null {
    try {
      return act(sessionStorage);
    } catch {
      return null;
    }
  }
}
