/** What stands on every page before and after signing in: theme and language. */

import { Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from "@tabler/icons-react";
import { LANGUAGES, useTranslation } from "../i18n";
import css from "./shell.module.css";

export const THEMES = [
  { id: "light", label: "bar.themeLight", icon: IconSun },
  { id: "dark", label: "bar.themeDark", icon: IconMoon },
  { id: "auto", label: "bar.themeAuto", icon: IconDeviceDesktop },
] as const;

export function ThemeMenu() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Now = THEMES.find((theme) => theme.id === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <button
          type="button"
          className={css.iconButton}
          aria-label={t("bar.theme")}
          title={t("bar.theme")}
          data-testid="theme"
        >
          <Now size={18} stroke={1.8} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {THEMES.map(({ id, label, icon: Icon }) => (
          <Menu.Item
            key={id}
            leftSection={<Icon size={16} />}
            rightSection={id === colorScheme ? <IconCheck size={16} /> : null}
            onClick={() => setColorScheme(id)}
            data-testid={`theme-${id}`}
          >
            {t(label)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** `onChoose` remembers it for the person; before signing in there is nobody to remember it for. */
export function LanguageMenu({ onChoose }: { readonly onChoose?: (language: string) => void }) {
  const { t, i18n } = useTranslation();
  const choose = (id: string) => {
    void i18n.changeLanguage(id);
    onChoose?.(id);
  };
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <button
          type="button"
          className={css.iconButton}
          aria-label={t("bar.language")}
          title={t("bar.language")}
          data-testid="language"
        >
          <IconLanguage size={19} stroke={1.8} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map(({ id, name }) => (
          <Menu.Item
            key={id}
            lang={id}
            rightSection={id === i18n.language ? <IconCheck size={16} /> : null}
            onClick={() => choose(id)}
            data-testid={`language-${id}`}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
