/** The shapes that the loader, the room and the sender share. Names follow the Patchrooms dialect. */

export const SHAPES = ["bubble", "tab", "pill"] as const;
export const ANCHORS = [
  "top-left",
  "top-center",
  "top-right",
  "middle-left",
  "middle-right",
  "bottom-left",
  "bottom-center",
  "bottom-right",
] as const;
export const THEMES = ["auto", "light", "dark"] as const;

export type Mascot = "fox" | "cat" | "owl" | "bear" | "rabbit" | "panda";
export type Shape = (typeof SHAPES)[number];
export type Anchor = (typeof ANCHORS)[number];
export type Locale = "en" | "ru" | "de" | "fr" | "es" | "pt" | "ja" | "zh" | "ar";
export type Theme = (typeof THEMES)[number];

export interface Identity {
  userId: string;
  signature?: string;
}

export interface Artifact {
  id: string;
  title?: string;
  tool?: string;
  goal?: string;
  constraints?: string | string[];
}

export interface Channel {
  key: string;
  name: string;
  mascot: Mascot;
}

/** What a project's settings say, and what `init` may override. Every field is settled: nothing is undefined by accident. */
export interface Options {
  projectKey: string | null;
  locale: Locale;
  apiUrl: string | null;
  identity: Identity | null;
  extra: Record<string, unknown> | null;
  captureConsoleErrors: boolean;
  mascot: Mascot;
  shape: Shape;
  anchor: Anchor;
  mode: "artifact-review" | null;
  storage: "local" | null;
  artifact: Artifact | null;
  channel: string | null;
  trigger: "visible" | "hidden";
  theme: Theme;
  /** An accent colour, `#rrggbb`. */
  color: string | null;
  /** CSS selectors of what must never be in a picture or a quote. */
  mask: string[];
  /** The host page's own words for any text of the widget, by key. */
  texts: Record<string, string>;
}

export interface Project {
  key: string | null;
  channels: Channel[];
  defaultChannelKey: string | null;
  urlPatterns: string[];
  /** It takes no feedback at the moment. */
  paused: boolean;
}

/** How the widget is dressed: the full room, or Miniback's button with one text field. */
export type Dress = "patchrooms" | "miniback";

export interface ConsoleError {
  text: string;
}

export type Block =
  | { type: "text"; text: string }
  | { type: "screenshot"; file: string; width: number; height: number; annotations?: unknown }
  | { type: "audio"; file: string; durationMs: number }
  | { type: "selection"; quote: string; selector?: string; url?: string };

export interface Report {
  clientId: string;
  channelKey?: string;
  blocks: Block[];
  context: Record<string, unknown>;
  identity?: Identity;
  artifact?: Artifact;
}

/** A report in local mode: as the API would give it, pictures and sounds as data URLs. */
export interface LocalReport {
  id: string;
  channelKey: string | null;
  status: "open";
  blocks: Array<Record<string, unknown> & { type: string }>;
  context: Record<string, unknown>;
  identity: { userId: string; verified: false } | null;
  artifact?: Artifact;
  createdAt: string;
}

export type EventName = "ready" | "open" | "close" | "queued" | "sent" | "failed";

export interface LocalStore {
  reports(): LocalReport[];
  /** False where storage is full. */
  add(report: LocalReport): boolean;
  clear(): void;
}

/** What the loader hands to the room: the only door between the two bundles. */
export interface App {
  options: Options;
  project: Project;
  dress: Dress;
  /** Where scripts come from, without a slash at the end. */
  home: string;
  /** Where reports go, without a slash at the end. */
  api: string;
  host: HTMLElement;
  shadow: ShadowRoot;
  /** The element in the shadow root that carries theme and direction; everything is mounted in it. */
  layer: HTMLElement;
  local: LocalStore | null;
  /** The channel that is chosen now; null means the server decides. */
  channel: string | null;
  face(mascot: Mascot): SVGSVGElement;
  consoleErrors(): string[];
  /** The local reports as Markdown. */
  markdown(): string;
  load<T>(chunk: string): Promise<T>;
  emit(name: EventName, detail?: unknown): void;
  /** The room tells that it has closed itself; the launcher takes the focus back. */
  closed(): void;
  pendingFlag(on: boolean): void;
}

/** What the room gives back to the loader. */
export interface Room {
  open(): void;
  close(): void;
  /** Options, channel or user have changed from the page's side. */
  refresh(): void;
  destroy(): void;
}
