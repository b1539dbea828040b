import {
  ANCHORS,
  type Anchor,
  type Artifact,
  type Identity,
  type Locale,
  type Options,
  SHAPES,
  THEMES,
} from "../types";
import { MASCOTS } from "./faces-data";
import { LOCALES } from "./labels";
import { own, ownString, warn } from "./own";

/**
 * Settles the options: what `init` was given, over what the script's attributes say, over the project's
 * settings, over the defaults (Patchrooms, "Widget"). Unknown values fall back to the default with a warning. What
 * any of them masks is masked.
 */
export function settle(layers: unknown[], languages: readonly string[], corner: Anchor = "middle-right"): Options {
  const find = (name: string): unknown => {
    for (const layer of layers) {
      const value = own(layer, name);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  };
  const text = (name: string): string | null => {
    const value = find(name);
    return typeof value === "string" && value !== "" ? value : null;
  };
  const checked = <T>(name: string, isKnown: (value: unknown) => unknown, otherwise: T): T => {
    const value = find(name);
    if (value === undefined || isKnown(value)) return (value ?? otherwise) as T;
    warn(`unknown ${name}: ${String(value)}; using ${otherwise ?? "the default"}`);
    return otherwise;
  };
  const choice = <T extends string | null>(name: string, known: readonly T[], otherwise: T): T =>
    checked(name, (value) => known.includes(value as T), otherwise);
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = find(name);
    return value === undefined ? otherwise : value !== false && value !== "false";
  };
  return {
    projectKey: text("projectKey"),
    locale: choice("locale", LOCALES, spoken(languages)),
    apiUrl: text("apiUrl")?.replace(/\/+$/, "") ?? null,
    identity: identityOf(find("identity"), find("userId")),
    extra: plainObject(find("extra")),
    captureConsoleErrors: flag("captureConsoleErrors", true),
    mascot: choice("mascot", MASCOTS, "fox"),
    shape: choice("shape", SHAPES, "bubble"),
    anchor: choice("anchor", ANCHORS, corner),
    mode: choice("mode", ["artifact-review", null], null),
    storage: choice("storage", ["local", null], null),
    artifact: artifactOf(find("artifact")),
    channel: text("channel"),
    trigger: choice("trigger", ["visible", "hidden"], "visible"),
    theme: choice("theme", THEMES, "auto"),
    color: checked("color", (value) => /^#[0-9a-f]{6}$/i.test(String(value)), null),
    mask: layers.flatMap((layer) => selectors(own(layer, "mask") ?? [])),
    texts: strings(checked("texts", plainObject, null)),
  };
}

/** The first of the browser's languages that the widget speaks. */
export function spoken(languages: readonly string[]): Locale {
  for (const language of languages) {
    const short = language.slice(0, 2).toLowerCase() as Locale;
    if (LOCALES.includes(short)) return short;
  }
  return "en";
}

export function identityOf(identity: unknown, userId?: unknown): Identity | null {
  const id = ownString(identity, "userId") ?? (typeof userId === "string" && userId !== "" ? userId : null);
  if (id === null) return null;
  const signature = ownString(identity, "signature");
  return signature === null ? { userId: id } : { userId: id, signature };
}

function artifactOf(value: unknown): Artifact | null {
  const id = ownString(value, "id");
  if (id === null) return null;
  const artifact: Artifact = { id };
  for (const name of ["title", "tool", "goal"] as const) {
    const part = ownString(value, name);
    if (part !== null) artifact[name] = part;
  }
  const constraints = own(value, "constraints");
  if (typeof constraints === "string") artifact.constraints = constraints;
  if (Array.isArray(constraints)) artifact.constraints = constraints.map(String);
  return artifact;
}

function plainObject(value: unknown): Record<string, unknown> | null {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function selectors(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String).filter((selector) => {
    try {
      document.createDocumentFragment().querySelector(selector);
      return selector.trim() !== "";
    } catch {
      warn(`mask is no CSS selector: ${selector}`);
      return false;
    }
  });
}

function strings(value: unknown): Record<string, string> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, text] of Object.entries(plainObject(value) ?? {})) if (typeof text === "string") found[key] = text;
  return found;
}
