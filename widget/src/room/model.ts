import type { Texts } from "../i18n/en";
import { type Part, partsOf, surroundings } from "../report/context";
import { newId } from "../report/uuid";
import type { Queue } from "../send/queue";
import { onParcel, queueFor } from "../send/send";
import type { Parcel } from "../send/store";
import { maskSelector } from "../shot/mask";
import type { App } from "../types";
import type { Recorder } from "../voice/recorder";
import { type Draft, type DraftBlock, DraftKeeper, emptyDraft, isEmpty } from "./draft";
import { draftBlockOf, localReportOf, MOST_BLOCKS, parcelOf, reportOf, settled } from "./parcel";
import { fill, textsFor } from "./texts";

/** A sentence over the writing box, with what can be done about it. */
export interface Notice {
  text: string;
  actions: Array<{ label: string; act(): void }>;
}

export type View = "write" | "goes" | "outcome";

/** What a draft block carries beside its id. */
export type NewBlock = DraftBlock extends infer B ? (B extends DraftBlock ? Omit<B, "id"> : never) : never;

type Settable =
  | "view"
  | "busy"
  | "notice"
  | "said"
  | "parcel"
  | "others"
  | "lasting"
  | "selection"
  | "editing"
  | "isOpen"
  | "recorder"
  | "asking";

/** The room's state, and everything that may change it. Components only read it and call its methods. */
export class RoomModel {
  texts!: Texts;
  draft: Draft = emptyDraft();
  view: View = "write";
  isOpen = false;
  busy = false;
  notice: Notice | null = null;
  /** What a screen reader hears. */
  said = "";
  /** The report that was sent last, as long as its receipt is shown. */
  parcel: Parcel | null = null;
  /** Earlier reports that still wait, or were not taken. */
  others: Parcel[] = [];
  lasting = true;
  /** Text selected on the page. */
  selection = "";
  parts: Part[] = [];
  /** The picture in the editor. */
  editing: { id: string | null; blob: Blob; masked: number | null } | null = null;
  recorder: Recorder | null = null;
  /** The browser asks for the microphone. */
  asking = false;
  readonly masks: string;
  private readonly listeners = new Set<() => void>();
  private readonly keeper: DraftKeeper;
  private readonly queue: Queue | null;
  private readonly undo: Array<() => void> = [];

  constructor(readonly app: App) {
    const { artifact } = app.options;
    this.keeper = new DraftKeeper(
      `backroom:draft:${app.dress}:${artifact?.id ?? app.project.key ?? location.pathname}`,
    );
    this.queue = app.local ? null : queueFor(app);
    this.masks = maskSelector(app.options.mask);
    this.undo.push(onParcel((parcel) => this.heard(parcel)));
  }

  async load(): Promise<void> {
    const [texts, draft] = await Promise.all([textsFor(this.app), this.keeper.load().catch(emptyDraft)]);
    this.texts = texts;
    this.draft = draft;
    this.lookAround();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  set(change: Partial<Pick<RoomModel, Settable>>): void {
    Object.assign(this, change);
    this.changed();
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  say(said: string): void {
    this.set({ said });
  }

  write(change: Partial<Draft>): void {
    this.draft = { ...this.draft, ...change };
    this.keeper.keep(this.draft);
    this.changed();
  }

  get isFull(): boolean {
    return settled(this.draft).blocks.length >= MOST_BLOCKS;
  }

  warnFull(): void {
    this.warn(fill(this.texts.full, { n: MOST_BLOCKS }));
  }

  /** Resolves once the draft is kept as it is. */
  kept(): Promise<void> {
    return this.keeper.flush();
  }

  /** Adds a block behind what is being typed, so that the thread keeps the order in which things were said. */
  add(block: NewBlock): string | null {
    const { texts } = this;
    let draft = settled(this.draft);
    if (draft.blocks.length >= MOST_BLOCKS) {
      this.warnFull();
      return null;
    }
    const id = newId();
    draft = { ...draft, blocks: [...draft.blocks, { ...block, id } as DraftBlock] };
    this.notice = null;
    this.said = fill(texts.added, { what: this.nameOf(block) });
    this.write(draft);
    requestAnimationFrame(() =>
      this.app.layer.querySelector(".thread>:last-child")?.scrollIntoView({ block: "nearest" }),
    );
    return id;
  }

  /** What a block is called when it is read out. */
  nameOf(block: NewBlock): string {
    const { texts } = this;
    if (block.type === "text") return block.text.slice(0, 40);
    if (block.type === "selection") return `${texts.picked}, ${block.quote.slice(0, 60)}`;
    return block.type === "audio" ? texts.voice : texts.screenshot;
  }

  change(id: string, change: Partial<DraftBlock>): void {
    this.write({
      blocks: this.draft.blocks.map((block) => (block.id === id ? ({ ...block, ...change } as DraftBlock) : block)),
    });
  }

  remove(id: string): void {
    this.write({ blocks: this.draft.blocks.filter((block) => block.id !== id) });
  }

  warn(text: string, actions: Notice["actions"] = []): void {
    this.set({ notice: { text, actions }, said: text });
  }

  get channel(): string | null {
    return this.app.channel ?? this.draft.channel;
  }

  /** Takes stock of what would go along now. */
  lookAround(): void {
    this.parts = partsOf(surroundings(this.app.options, this.app.consoleErrors()));
  }

  /** Shows what goes along. */
  choose(): void {
    this.lookAround();
    this.set({ view: "goes" });
  }

  get canSend(): boolean {
    return !isEmpty(this.draft) && !this.busy && !this.app.project.paused && !this.recorder && !this.asking;
  }

  async send(): Promise<void> {
    if (!this.canSend) return;
    if (settled(this.draft).blocks.length > MOST_BLOCKS) return this.warnFull();
    this.set({ busy: true, notice: null });
    try {
      this.lookAround();
      const clientId = newId();
      const now = new Date();
      const channel = this.channel;
      const draft = settled({ ...this.draft, channel });
      const { report, files } = reportOf(this.app, draft, this.parts, clientId, now);
      if (this.app.local) {
        if (!this.app.local.add(await localReportOf(report, files, now))) return this.warn(this.texts.notSaved);
        await this.clearDraft();
        this.set({ view: "write", said: this.texts.saved });
        this.app.emit("sent", { clientId });
      } else {
        const parcel = parcelOf(this.app, report, files, now.getTime());
        // Until the queue has it, the draft is the only copy; before it goes out, there is none left.
        await this.queue?.add(parcel, () => this.clearDraft());
        this.set({ parcel, view: "outcome" });
        await this.lookAtOthers();
      }
    } finally {
      this.set({ busy: false });
    }
  }

  async lookAtOthers(): Promise<void> {
    const all = (await this.queue?.list(this.app.project.key ?? "")) ?? [];
    const current = all.find((parcel) => parcel.id === this.parcel?.id);
    this.set({
      parcel: current ?? this.parcel,
      others: all.filter((parcel) => parcel.id !== this.parcel?.id),
      lasting: (await this.queue?.lasts()) ?? true,
    });
  }

  /** Forgets the receipts that have been shown. */
  forgetSent(): void {
    for (const parcel of [this.parcel, ...this.others])
      if (parcel?.state === "sent") void this.queue?.remove(parcel.id);
    this.others = this.others.filter((parcel) => parcel.state !== "sent");
    if (this.parcel?.state === "sent") this.parcel = null;
  }

  tryNow(): void {
    void this.queue?.hurry();
  }

  async discard(parcel: Parcel): Promise<void> {
    await this.queue?.remove(parcel.id);
    if (this.parcel?.id === parcel.id) this.set({ parcel: null, view: "write" });
    await this.lookAtOthers();
  }

  /** Takes a report that wasn't accepted back into the writing box. */
  async reopen(parcel: Parcel): Promise<void> {
    const blocks = parcel.report.blocks.map((block) => draftBlockOf(block, parcel.files));
    this.write({ blocks: [...blocks, ...this.draft.blocks] });
    await this.discard(parcel);
    this.set({ view: "write" });
  }

  another(): void {
    this.forgetSent();
    this.set({ parcel: null, view: "write", said: "" });
    void this.lookAtOthers();
  }

  stop(): void {
    this.asking = false;
    this.keeper.stop();
    for (const act of this.undo) act();
  }

  private clearDraft(): Promise<void> {
    const { name, mail } = this.draft;
    this.write({ ...emptyDraft(), name, mail });
    return this.kept();
  }

  private heard(parcel: Parcel): void {
    if (this.parcel?.id === parcel.id) {
      const { thanks, failed, queued } = this.texts;
      const said = { sent: thanks, failed, waiting: parcel.tries ? queued : "" }[parcel.state];
      this.set({ parcel, said });
    } else void this.lookAtOthers();
  }
}
