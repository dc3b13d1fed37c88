/** The frame of what is seen before somebody is signed in. */

import type { ReactNode } from "react";
import { useTranslation } from "../i18n";
import { LanguageMenu, ThemeMenu } from "../shell/chrome";
import mark from "../shell/favicon.svg";
import css from "./entry.module.css";

export function Entrance({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={css.page}>
      <header className={css.top}>
        <ThemeMenu />
        <LanguageMenu />
      </header>
      <main className={css.middle}>
        <div className={css.box}>
          <div className={css.brand}>
            <img src={mark} alt="" />
            {t("app.name")}
          </div>
          {children}
        </div>
      </main>
    </div>
  );
}
