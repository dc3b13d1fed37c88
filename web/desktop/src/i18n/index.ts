/** English and Simplified Chinese, both in the bundle: switching needs no network and both are always complete. */

import { createInstance } from "i18next";
import { createContext, useContext, useSyncExternalStore } from "react";
import { Formats, intlLocale, type Language } from "../format/format";
import { en } from "./en";
import { zh } from "./zh";

export const LANGUAGES: readonly { readonly id: Language; readonly name: string }[] = [
  { id: "en", name: "English" },
  { id: "zh-CN", name: "简体中文" },
];

const REMEMBERED = "cc.language";

/** A language tag from anywhere (browser, server, storage) to one we have. */
export function languageOf(tag: string | null | undefined): Language {
  return tag?.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

export const i18n = createInstance();

void i18n.init({
  resources: { en: { translation: en }, "zh-CN": { translation: zh } },
  lng: languageOf(localStorage.getItem(REMEMBERED) ?? navigator.language),
  fallbackLng: "en",
  initAsync: false,
  // React writes text as text; escaping here would show a caller called "A & B" as "A &amp; B".
  interpolation: { escapeValue: false },
});

document.documentElement.lang = i18n.language;
i18n.on("languageChanged", (language) => {
  document.documentElement.lang = language;
  localStorage.setItem(REMEMBERED, language);
});

function subscribe(listener: () => void): () => void {
  i18n.on("languageChanged", listener);
  return () => i18n.off("languageChanged", listener);
}

/** The texts in the reader's language; follows a change. Reads one value, because a pop draws it fifty times. */
export function useTranslation() {
  useSyncExternalStore(subscribe, () => i18n.language);
  return { t: i18n.t, i18n };
}

export function formatsFor(language: string): Formats {
  return new Formats(intlLocale(language, navigator.languages));
}

export const FormatsContext = createContext<Formats>(formatsFor(i18n.language));

export function useFormats(): Formats {
  return useContext(FormatsContext);
}
