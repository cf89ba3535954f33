import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Language } from "./catalogue.ts";
import { formatter, type Format } from "./format.ts";
import { chooseLanguage, type Translate, translator } from "./translate.ts";

const KEPT = "greenroom.language";

interface Speech {
  language: Language;
  t: Translate;
  format: Format;
  setLanguage: (language: Language) => void;
}

const SpeechContext = createContext<Speech | undefined>(undefined);

/** Gives the page its language: the one chosen here before, else the browser's. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setState] = useState(() => chooseLanguage(localStorage.getItem(KEPT), navigator.languages));
  const setLanguage = useCallback((next: Language) => {
    localStorage.setItem(KEPT, next);
    setState(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo(() => ({ language, t: translator(language), format: formatter(language), setLanguage }), [language, setLanguage]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

/** The page's language, its translator and its number and time formats. */
export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === undefined) throw new Error("useSpeech outside LanguageProvider");
  return speech;
}
