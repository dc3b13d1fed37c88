/** A ringing phone is told outside the page too: the tab's title and icon, and a notification if allowed. */

import { useEffect } from "react";
import { useTranslation } from "../i18n";
import { useCalls, useLink, usePop } from "../live/hooks";
import calmIcon from "../shell/favicon.svg";
import ringingIcon from "../shell/favicon-ringing.svg";
import { whoCalls } from "./who";

function setIcon(href: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link !== null && link.getAttribute("href") !== href) link.href = href;
}

function notify(title: string, tag: string): (() => void) | undefined {
  if (document.visibilityState === "visible") return undefined;
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return undefined;
  // The same tag in every tab: the browser shows one.
  const note = new Notification(title, { tag, requireInteraction: true });
  note.onclick = () => window.focus();
  return () => note.close();
}

/** The caller who rings now, by name or number; null while nothing rings or the desk is not live. */
export function useRinging(): { readonly id: string; readonly who: string } | null {
  const { t } = useTranslation();
  const calls = useCalls();
  const live = useLink().phase === "live";
  const call = live
    ? calls.find((one) => one.state === "ringing" && one.direction !== "outbound")
    : undefined;
  const pop = usePop(call?.id ?? "");
  return call === undefined ? null : { id: call.id, who: whoCalls(call, pop, t) };
}

/** After the pop is painted: title, icon and permission each ask another process of the browser. */
const AFTER_PAINT_MS = 50;

/** Runs soon if somebody looks at the page, and at once if not: then there is no paint to wait for. */
function aside(run: () => void): () => void {
  if (document.visibilityState !== "visible") {
    run();
    return () => {};
  }
  const timer = window.setTimeout(run, AFTER_PAINT_MS);
  return () => window.clearTimeout(timer);
}

export function useRingingCue(ringing: { readonly id: string; readonly who: string } | null): void {
  const { t } = useTranslation();
  const id = ringing?.id ?? null;
  const title = ringing === null ? t("app.name") : t("call.title", { who: ringing.who });
  useEffect(
    () =>
      aside(() => {
        document.title = id === null ? title : `☎ ${title}`;
        setIcon(id === null ? calmIcon : ringingIcon);
      }),
    [id, title],
  );
  useEffect(() => (id === null ? undefined : notify(title, id)), [id, title]);
}
