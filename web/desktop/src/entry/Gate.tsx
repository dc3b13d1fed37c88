/** Who may come in: asks the server for set-up and session, then shows the right page. */

import { Button, Loader } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import type { Session, Setup } from "../api/contract";
import { Problem } from "../api/http";
import { http, server } from "../api/server";
import { forgetSavedNotes } from "../desk/saved";
import { i18n, languageOf, useTranslation } from "../i18n";
import { Entrance } from "./Entrance";
import css from "./entry.module.css";
import { SetupPage } from "./SetupPage";
import { SignIn } from "./SignIn";
import { SessionContext, type SessionValue } from "./session";

type Phase =
  | { readonly kind: "asking" }
  | { readonly kind: "down" }
  | { readonly kind: "setup" }
  | { readonly kind: "out"; readonly setup: Setup; readonly ended: boolean }
  | { readonly kind: "in"; readonly session: Session };

/** How often a server that is down is asked again. */
const RETRY_MS = 3_000;

/** The session of this browser, or null without one. */
async function currentSession(): Promise<Session | null> {
  try {
    return await server.session();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

async function ask(ended: boolean): Promise<Phase> {
  try {
    const [setup, session] = await Promise.all([server.setup(), currentSession()]);
    if (session !== null) {
      http.csrf = session.csrf;
      const language = languageOf(session.user.language);
      if (session.user.language && language !== i18n.language) await i18n.changeLanguage(language);
      return { kind: "in", session };
    }
    return setup.needed ? { kind: "setup" } : { kind: "out", setup, ended };
  } catch {
    return { kind: "down" };
  }
}

function Down({ onRetry }: { readonly onRetry: () => void }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = window.setInterval(onRetry, RETRY_MS);
    return () => window.clearInterval(timer);
  }, [onRetry]);
  return (
    <Entrance>
      <div className={css.panel} role="alert" data-testid="server-down">
        <h1>
          <IconPlugConnectedX size={20} style={{ verticalAlign: "-4px" }} /> {t("error.serverDown")}
        </h1>
        <p>{t("error.serverDownHint")}</p>
        <Button variant="default" onClick={onRetry}>
          {t("error.retry")}
        </Button>
      </div>
    </Entrance>
  );
}

function leave(queries: QueryClient): void {
  queries.clear();
  forgetSavedNotes();
}

export function Gate({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const [phase, setPhase] = useState<Phase>({ kind: "asking" });
  const look = useCallback(() => void ask(false).then(setPhase), []);
  useEffect(look, [look]);
  useEffect(() => {
    http.onSignedOut = () => {
      leave(queries);
      void ask(true).then(setPhase);
    };
  }, [queries]);
  const value = useMemo<SessionValue | null>(() => {
    if (phase.kind !== "in") return null;
    const signOut = async () => {
      await server.signOut().catch(() => {});
      leave(queries);
      setPhase(await ask(false));
    };
    return { ...phase.session, signOut };
  }, [phase, queries]);

  switch (phase.kind) {
    case "asking":
      return <Loader m="auto" display="block" pt="30vh" aria-label="…" />;
    case "down":
      return <Down onRetry={look} />;
    case "setup":
      return <SetupPage onSignedIn={look} />;
    case "out":
      return <SignIn setup={phase.setup} ended={phase.ended} onSignedIn={look} />;
    case "in":
      return <SessionContext value={value}>{children}</SessionContext>;
  }
}
