import { adoptionOf } from "../stage/adoption";
import { settle } from "../stage/options";
import { own, ownString, safely, warn } from "../stage/own";
import { fetchSettings, projectOf } from "../stage/project";
import { readScript } from "../stage/script";
import { Stage } from "../stage/stage";
import { loader } from "./chunks";

/** The Miniback dress, `/widget.js`: a button and one text field, said by the script's own attributes. */
safely(() => {
  const { home, data } = readScript(document.currentScript, /\/widget\.js$/);
  const slug = ownString(data, "project");
  let opened = false;
  let stage: Stage | null = null;
  const openNow = (): void => {
    opened = true;
    void stage?.open();
  };
  const page = self as unknown as { Miniback?: { destroy?: () => void } };
  page.Miniback?.destroy?.();
  const api = {
    open: () => safely(() => openNow(), undefined),
    close: () => safely(() => stage?.close(), undefined),
    destroy: () => safely(() => stage?.destroy(), undefined),
  };
  page.Miniback = api;
  if (slug === null) return warn("widget.js needs data-project");
  const begin = async (): Promise<void> => {
    const settings = await fetchSettings(
      `${home}/v1/miniback/${encodeURIComponent(slug)}.json`,
      `unknown project: ${slug}`,
    );
    if (settings === null) return;
    await adoptionOf(document);
    const widget = own(settings, "widget");
    const say = (name: string): string | null => ownString(data, name) ?? ownString(widget, name);
    const texts = { ...(own(widget, "texts") as Record<string, string> | undefined) };
    for (const [name, key] of WORDS) {
      const text = ownString(data, name);
      if (text !== null) texts[key] = text;
    }
    const anchor = ownString(data, "position") ?? ownString(widget, "anchor");
    const options = settle(
      [{ anchor, shape: "pill", color: say("color"), texts }, data, widget],
      navigator.languages ?? [navigator.language],
      "bottom-right",
    );
    options.artifact = null;
    options.mode = null;
    options.storage = null;
    stage = new Stage({
      options,
      project: projectOf(settings, slug),
      dress: "miniback",
      home,
      load: loader(() => home),
      emit: (name, detail) =>
        void safely(() => document.dispatchEvent(new CustomEvent(`miniback:${name}`, { detail })), false),
    });
    if (opened) void stage.open();
  };
  void begin().catch(warn);
}, undefined);

const WORDS: ReadonlyArray<[string, string]> = [
  ["buttonText", "launcher"],
  ["title", "title"],
  ["placeholder", "placeholder"],
  ["successText", "thanks"],
];
