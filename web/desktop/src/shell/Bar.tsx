/** The bar on top: is this live, find anything, my phone, me. */

import { Menu } from "@mantine/core";
import {
  IconBell,
  IconDeviceLandlinePhone,
  IconKeyboard,
  IconLogout,
  IconPhoneOff,
  IconPlugConnected,
  IconPlugConnectedX,
  IconRefresh,
  IconSearch,
  IconUserCircle,
} from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "wouter";
import { server } from "../api/server";
import { useSession } from "../entry/session";
import { useTranslation } from "../i18n";
import { useLink, useMe } from "../live/hooks";
import { Chip } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { LanguageMenu, ThemeMenu } from "./chrome";
import mark from "./favicon.svg";
import css from "./shell.module.css";

function LinkChip() {
  const { t } = useTranslation();
  const { phase } = useLink();
  if (phase === "live") {
    return (
      <Chip tone="good" icon={IconPlugConnected} testId="link-state" title={t("link.liveHint")}>
        {t("link.live")}
      </Chip>
    );
  }
  return phase === "stale" ? (
    <Chip tone="bad" icon={IconPlugConnectedX} testId="link-state">
      {t("link.stale")}
    </Chip>
  ) : (
    <Chip tone="calm" icon={IconRefresh} testId="link-state">
      {t("link.connecting")}
    </Chip>
  );
}

const PHONE = {
  reachable: "bar.phoneReachable",
  unreachable: "bar.phoneUnreachable",
  unknown: "bar.phoneUnknown",
} as const;

function PhoneChip() {
  const { t } = useTranslation();
  const me = useMe();
  if (me === undefined || me.extension === null) return null;
  const tone = me.phone === "reachable" ? "good" : me.phone === "unreachable" ? "bad" : "calm";
  return (
    <Chip
      tone={tone}
      icon={me.phone === "unreachable" ? IconPhoneOff : IconDeviceLandlinePhone}
      testId="phone-state"
    >
      {t("bar.phone", { extension: me.extension })}
      {" · "}
      {t(PHONE[me.phone])}
    </Chip>
  );
}

function mayAsk(): boolean {
  return typeof Notification !== "undefined" && Notification.permission === "default";
}

function UserMenu({ onKeys }: { readonly onKeys: () => void }) {
  const { t } = useTranslation();
  const { user, signOut } = useSession();
  const [askable, setAskable] = useState(mayAsk);
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false} width={290}>
      <Menu.Target>
        <button
          type="button"
          className={css.user}
          aria-label={t("bar.account", { name: user.name })}
          data-testid="user-menu"
        >
          <IconUserCircle size={20} stroke={1.7} />
          <span dir="auto">{user.name}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.login} · {t(`role.${user.role}`)}
        </Menu.Label>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onKeys} data-testid="open-keys">
          {t("bar.shortcuts")}
        </Menu.Item>
        {askable ? (
          <Menu.Item
            leftSection={<IconBell size={16} />}
            onClick={() => void Notification.requestPermission().then(() => setAskable(mayAsk()))}
          >
            {t("bar.notify")}
          </Menu.Item>
        ) : null}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={() => void signOut()}
          data-testid="sign-out"
        >
          {t("bar.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface BarProps {
  readonly onSearch: () => void;
  readonly onKeys: () => void;
}

export function Bar({ onSearch, onKeys }: BarProps) {
  const { t } = useTranslation();
  return (
    <header className={css.bar}>
      <Link href="/" className={css.brand}>
        <img src={mark} alt="" />
        {t("app.name")}
      </Link>
      <LinkChip />
      <PhoneChip />
      <button
        type="button"
        className={css.search}
        onClick={onSearch}
        aria-keyshortcuts="Control+K"
        data-testid="open-search"
      >
        <IconSearch size={16} />
        <span>{t("bar.search")}</span>
        <span className={parts.key} aria-hidden="true">
          Ctrl K
        </span>
      </button>
      <div className={css.tools}>
        <ThemeMenu />
        <LanguageMenu onChoose={(language) => void server.setLanguage(language).catch(() => {})} />
        <UserMenu onKeys={onKeys} />
      </div>
    </header>
  );
}
