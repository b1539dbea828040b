import { adoptionOf } from "../stage/adoption";
import { identityOf, settle } from "../stage/options";
import { own, ownString, safely, warn } from "../stage/own";
import { fetchSettings, projectOf } from "../stage/project";
import { Stage } from "../stage/stage";
import type { App, EventName, Identity, LocalReport, Options, Project } from "../types";

export interface Start {
  home: string;
  /** Settings that the server baked into the script; null in the generic loader. */
  baked: unknown;
  /** The script's own attributes. */
  data: Record<string, string>;
  load<T>(chunk: string): Promise<T>;
}

export type Listener = (detail: unknown) => void;

/** `window.Patchrooms`. No method ever throws into the page. */
export class PatchroomsApi {
  private stage: Stage | null = null;
  private turn = 0;
  private coming: Promise<void> = Promise.resolve();
  private readonly listeners = new Map<string, Set<Listener>>();
  private user: Identity | null | undefined;
  private channel: string | null | undefined;

  constructor(private readonly start: Start) {
    const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(PatchroomsApi.prototype);
    for (const [name, { value: method }] of Object.entries(methods)) {
      // Own, bound and guarded: `const { openForm } = Patchrooms` works, and a mistake of ours stays ours.
      (this as Record<string, unknown>)[name] = (...args: unknown[]) =>
        safely(() => method.apply(this, args), undefined);
    }
  }

  /** Starts the widget, or tears it down and builds it anew. Resolves once it stands. */
  init(given?: unknown): Promise<void> {
    const turn = ++this.turn;
    this.takeDown();
    const says = (name: string): boolean => own(given, name) !== undefined;
    if (says("userId") || says("identity")) this.user = undefined;
    if (says("channel")) this.channel = undefined;
    this.coming = this.build(given, turn).catch(warn);
    return this.coming;
  }

  openForm(): void {
    void this.coming.then(() => this.stage?.open());
  }

  closeForm(): void {
    void this.coming.then(() => this.stage?.close());
  }

  setChannel(key: unknown): void {
    this.channel = typeof key === "string" && key !== "" ? key : null;
    this.carryOver();
  }

  setUser(user: unknown): void {
    this.user = identityOf(user);
    this.carryOver();
  }

  destroy(): void {
    this.turn++;
    this.user = this.channel = undefined;
    this.takeDown();
  }

  /** Listens to `ready`, `open`, `close`, `queued`, `sent` or `failed`; gives back what ends it. */
  on(name: unknown, listener: unknown): () => void {
    if (typeof name !== "string" || typeof listener !== "function") return () => {};
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set.add(listener as Listener));
    return () => void set.delete(listener as Listener);
  }

  getReports(): LocalReport[] {
    return this.stage?.app.local?.reports() ?? [];
  }

  exportMarkdown(): string {
    return this.stage?.app.markdown() ?? "";
  }

  clear(): void {
    this.stage?.app.local?.clear();
    this.stage?.refresh();
  }

  private async build(given: unknown, turn: number): Promise<void> {
    const { baked, data } = this.start;
    const local = (ownString(given, "storage") ?? ownString(data, "storage")) === "local";
    const key = ownString(given, "projectKey") ?? ownString(data, "projectKey") ?? ownString(baked, "projectKey");
    if (key === null && !local) return warn("init needs a projectKey");
    // A bundler may have swallowed the script; then everything comes from where reports go.
    this.start.home ||= ownString(given, "apiUrl")?.replace(/\/+$/, "") ?? "";
    const { home } = this.start;
    const isBaked = key === ownString(baked, "projectKey");
    let settings = isBaked ? baked : {};
    if (!isBaked && !local) {
      settings = await fetchSettings(
        `${home}/v1/patchrooms/${encodeURIComponent(key ?? "")}.json`,
        `unknown project key: ${key}`,
      );
      if (settings === null) return;
    }
    if (own(settings, "unknown") === true) return warn(`unknown project key: ${key}`);
    await adoptionOf(document);
    if (turn !== this.turn) return;
    const options = settle([given, data, own(settings, "widget")], navigator.languages ?? [navigator.language]);
    options.projectKey = key;
    this.mount(options, projectOf(settings, key));
  }

  private mount(options: Options, project: Project): void {
    const { home, load } = this.start;
    this.stage = new Stage({
      options,
      project,
      dress: "patchrooms",
      home,
      load,
      emit: (name, detail) => this.tell(name, detail),
    });
    const { app } = this.stage;
    if (isStrange(app, app.channel)) app.channel = null;
    this.carryOver();
    this.tell("ready");
  }

  /** What setUser and setChannel said holds for one that is still coming, and until `init` says otherwise. */
  private carryOver(): void {
    const app = this.stage?.app;
    if (!app) return;
    if (this.user !== undefined) app.options.identity = this.user;
    if (this.channel !== undefined && !isStrange(app, this.channel)) app.channel = this.channel;
    this.stage?.refresh();
  }

  private takeDown(): void {
    this.stage?.destroy();
    this.stage = null;
  }

  private tell(name: EventName, detail?: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) safely(() => listener(detail), undefined);
    safely(() => document.dispatchEvent(new CustomEvent(`patchrooms:${name}`, { detail })), false);
  }
}

/** Whether the project has channels, and none of that key. */
function isStrange({ project: { channels } }: App, key: string | null): boolean {
  const strange = key !== null && channels.length > 0 && channels.every((channel) => channel.key !== key);
  if (strange) warn(`unknown channel: ${key}`);
  return strange;
}
