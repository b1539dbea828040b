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

/** Keeps a draft over closing the room, reloading the page and a crash of the tab. */
export class DraftKeeper {
  private shelf: Promise<Shelf> = openShelf();
  private timer = 0;
  private latest: Draft | null = null;

  constructor(private readonly key: string) {
    addEventListener("pagehide", this.flush);
    document.addEventListener("visibilitychange", this.flush);
  }

  async load(): Promise<Draft> {
    const kept = await (await this.shelf).get<Draft>("drafts", this.key);
    const draft = { ...emptyDraft(), ...kept };
    // What is being typed is written at once, beside the database: a reload right after a key press loses nothing.
    const typed = this.storage((storage) => storage.getItem(this.key));
    return typed === null || typed === undefined ? draft : { ...draft, text: typed };
  }

  keep(draft: Draft): void {
    const typed = draft.text !== this.latest?.text;
    const grown = draft.blocks.length !== (this.latest?.blocks.length ?? 0);
    this.latest = draft;
    if (typed)
      this.storage((storage) => (draft.text ? storage.setItem(this.key, draft.text) : storage.removeItem(this.key)));
    clearTimeout(this.timer);
    this.timer = window.setTimeout(this.flush, 150);
    // A database gets nothing done while the page goes away.
    if (grown) this.flush();
  }

  stop(): void {
    this.flush();
    removeEventListener("pagehide", this.flush);
    document.removeEventListener("visibilitychange", this.flush);
  }

  private readonly flush = (): void => {
    clearTimeout(this.timer);
    const draft = this.latest;
    if (!draft || this.written === draft) return;
    this.written = draft;
    void this.shelf.then((shelf) =>
      isEmpty(draft) && !draft.name && !draft.mail
        ? shelf.remove("drafts", this.key)
        : shelf.put("drafts", this.key, draft),
    );
  };
  private written: Draft | null = null;

  private storage<T>(act: (storage: Storage) => T): T | undefined {
    try {
      return act(localStorage);
    } catch {
      return undefined;
    }
  }
}
