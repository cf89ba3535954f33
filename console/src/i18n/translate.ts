import { catalogues, type Language, type MessageKey } from "./catalogue.ts";
import type { Message } from "./message.ts";

/** What fills a message's places; `n` also chooses the form by number. Numbers are written in the language's way. */
export type Values = Readonly<Record<string, string | number>>;

/** Says a message in one language. */
export type Translate = (key: MessageKey, values?: Values) => string;

const plurals = { en: new Intl.PluralRules("en"), ja: new Intl.PluralRules("ja") } as const;
const numbers = { en: new Intl.NumberFormat("en"), ja: new Intl.NumberFormat("ja") } as const;

/** Gives the translator of a language. A place that is not filled stays visible as `{name}`. */
export function translator(language: Language): Translate {
  return (key, values = {}) => {
    const message: Message = catalogues[language][key];
    const text = typeof message === "string" ? message : message[formOf(language, values.n)];
    return text.replace(/\{(\w+)\}/g, (place, name: string) => {
      const value = values[name];
      if (value === undefined) return place;
      return typeof value === "number" ? numbers[language].format(value) : value;
    });
  };
}

function formOf(language: Language, n: string | number | undefined): "one" | "other" {
  return typeof n === "number" && plurals[language].select(n) === "one" ? "one" : "other";
}

/** The first of the person's languages that the console speaks; English when there is none. */
export function chooseLanguage(kept: string | null, wanted: readonly string[]): Language {
  if (kept === "en" || kept === "ja") return kept;
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0];
    if (language === "en" || language === "ja") return language;
  }
  return "en";
}
