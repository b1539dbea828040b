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
