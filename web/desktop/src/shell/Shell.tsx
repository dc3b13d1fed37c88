/** The frame of every page: bar, pages, and the strips that say what is not as it should be. */

import { Button } from "@mantine/core";
import {
  IconAddressBook,
  IconAlertTriangle,
  IconHeadset,
  IconHistory,
  IconPhoneCalling,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { useRinging, useRingingCue } from "../desk/ringing";
import { useFormats, useTranslation } from "../i18n";
import { useLink, useLive, useSwitch } from "../live/hooks";
import { Bar } from "./Bar";
import { KeysHelp } from "./KeysHelp";
import css from "./shell.module.css";
import { useShortcut } from "./shortcuts";

const loadPalette = () => import("./Palette");
const Palette = lazy(loadPalette);

const PAGES = [
  { path: "/", label: "nav.desk", icon: IconHeadset },
  { path: "/customers", label: "nav.customers", icon: IconAddressBook },
  { path: "/calls", label: "nav.calls", icon: IconHistory },
] as const;

function Rail() {
  const { t } = useTranslation();
  const [location] = useLocation();
  return (
    <nav className={css.rail} aria-label={t("nav.label")}>
      {PAGES.map(({ path, label, icon: Icon }) => {
        const here = path === "/" ? location === "/" : location.startsWith(path);
        return (
          <Link
            key={path}
            href={path}
            className={css.railLink}
            aria-current={here ? "page" : undefined}
            data-testid={`nav-${label.slice(4)}`}
          >
            <Icon size={21} stroke={1.7} />
            {t(label)}
          </Link>
        );
      })}
    </nav>
  );
}

function StaleStrip() {
  const { t } = useTranslation();
  const link = useLink();
  const formats = useFormats();
  const { link: connection } = useLive();
  if (link.phase !== "stale") return null;
  return (
    <div className={`${css.strip} ${css.stale}`} role="alert" data-testid="stale-banner">
      <IconPlugConnectedX size={18} />
      <span>
        <strong>{t("link.banner", { time: formats.timeSeconds(link.lastWord) })}</strong>{" "}
        {t("link.bannerHint")}
      </span>
      <Button
        size="compact-sm"
        color="white"
        c="#5a1620"
        onClick={() => connection.wake()}
        data-testid="reconnect"
      >
        {t("link.retry")}
      </Button>
    </div>
  );
}

function SwitchStrip() {
  const { t } = useTranslation();
  const formats = useFormats();
  const state = useSwitch();
  const live = useLink().phase === "live";
  if (!live || state === undefined || state.state === "live") return null;
  return (
    <div className={`${css.strip} ${css.trouble}`} role="status" data-testid="switch-banner">
      <IconAlertTriangle size={18} />
      <span>{t(`switch.${state.state}`, { time: formats.time(state.since) })}</span>
    </div>
  );
}

/** Away from the desk a ringing phone still shows; it takes nobody off what they are typing. Apart from the
 *  frame around it, so that a call repaints no more than it must. */
function Ringing() {
  const { t } = useTranslation();
  const [location] = useLocation();
  const ringing = useRinging();
  useRingingCue(ringing);
  return (
    <>
      {ringing === null || location === "/" ? null : (
        <Link href="/" className={`${css.strip} ${css.incoming}`} data-testid="incoming-strip">
          <IconPhoneCalling size={18} />
          <strong dir="auto">{t("call.title", { who: ringing.who })}</strong>
        </Link>
      )}
      <div className="visually-hidden" role="status" aria-live="assertive" data-testid="announcer">
        {ringing === null ? "" : t("call.announce", { who: ringing.who })}
      </div>
    </>
  );
}

function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      open();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [open]);
}

/** Idle time after the first paint, so that the first Ctrl K is as quick as the rest. */
const PRELOAD_MS = 1_500;

export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const phase = useLink().phase;
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const [openPalette] = useState(() => () => setPalette(true));
  usePaletteKey(openPalette);
  useShortcut("/", openPalette);
  useShortcut("?", () => setKeys(true));
  useEffect(() => {
    // Only a head start: without the network now, it is fetched when it is opened.
    const timer = window.setTimeout(() => void loadPalette().catch(() => undefined), PRELOAD_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div className={css.shell} data-live={phase} data-testid="shell">
      <a href="#page" className={css.skip}>
        {t("nav.skip")}
      </a>
      <Bar onSearch={openPalette} onKeys={() => setKeys(true)} />
      <Rail />
      <main className={css.main}>
        <div>
          <StaleStrip />
          <SwitchStrip />
          <Ringing />
        </div>
        <div id="page" className={css.page} tabIndex={-1}>
          {children}
        </div>
      </main>
      {palette ? (
        <Suspense fallback={null}>
          <Palette onClose={() => setPalette(false)} onKeys={() => setKeys(true)} />
        </Suspense>
      ) : null}
      <KeysHelp opened={keys} onClose={() => setKeys(false)} />
    </div>
  );
}
