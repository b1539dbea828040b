import type { Locale } from "../types";

export const RIGHT_TO_LEFT: readonly Locale[] = ["ar"];

/** The launcher speaks before any language file is loaded: its one label, in every language. */
export const LAUNCHER: Record<Locale, string> = {
  en: "Feedback",
  ru: "Отзыв",
  de: "Feedback",
  fr: "Votre avis",
  es: "Comentarios",
  pt: "Comentários",
  ja: "ご意見",
  zh: "反馈",
  ar: "ملاحظاتك",
};

export const LOCALES = Object.keys(LAUNCHER) as Locale[];

/** What it says where the rest, the languages too, can't be loaded: in every page's loader, so in two of them. */
export const loadFailed = (locale: Locale): string =>
  locale === "ru" ? "Не загрузилось. Повторить?" : "Not loaded. Retry?";
