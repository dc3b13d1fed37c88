/** The desktop: providers around, pages inside. */

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import { Problem } from "../api/http";
import { http, server } from "../api/server";
import { DeskPage } from "../desk/DeskPage";
import { Gate } from "../entry/Gate";
import { useSession } from "../entry/session";
import { FormatsContext, formatsFor, useTranslation } from "../i18n";
import { onReturn } from "../live/browser";
import { makeLiveDesk } from "../live/desk";
import { LiveContext } from "../live/hooks";
import { Boundary, PartFailed } from "../parts/parts";
import { Shell } from "./Shell";
import { listenForShortcuts } from "./shortcuts";
import { theme, variables } from "./theme";

const CustomersPage = lazy(() => import("../customers/CustomersPage"));
const CustomerPage = lazy(() => import("../customers/CustomerPage"));
const CallsPage = lazy(() => import("../calls/CallsPage"));

function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // An answer that says no will say no again; only silence is worth another try.
        retry: (failures, error) => failures < 2 && !(error instanceof Problem),
      },
      mutations: { retry: false },
    },
  });
}

/** After a loss: is it the server, or is it that this session has ended? A refused socket does not say. */
function askAfterLoss(): void {
  server.session().then(
    (session) => {
      http.csrf = session.csrf;
    },
    (error: unknown) => {
      if (error instanceof Problem && error.status === 401) http.onSignedOut();
    },
  );
}

function Live({ children }: { readonly children: ReactNode }) {
  const { user } = useSession();
  const [live] = useState(() => makeLiveDesk(askAfterLoss));
  // Another person at this screen needs another link
  useEffect(() => {
    live.link.start();
    const stop = onReturn(() => live.link.wake());
    return () => {
      stop();
      live.link.stop();
    };
  }, [live, user.id]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

function Pages() {
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/">
          <DeskPage />
        </Route>
        <Route path="/customers">
          <CustomersPage />
        </Route>
        <Route path="/customers/:id">{({ id }) => <CustomerPage key={id} id={Number(id)} />}</Route>
        <Route path="/calls">
          <CallsPage />
        </Route>
        <Route>
          <Redirect to="/" replace />
        </Route>
      </Switch>
    </Suspense>
  );
}

function WithFormats({ children }: { readonly children: ReactNode }) {
  const { i18n } = useTranslation();
  const formats = useMemo(() => formatsFor(i18n.language), [i18n.language]);
  return <FormatsContext value={formats}>{children}</FormatsContext>;
}

export function App() {
  const [queries] = useState(makeQueries);
  useEffect(listenForShortcuts, []);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <WithFormats>
          <Gate>
            <Live>
              <Shell>
                <Boundary resetKey="page" fallback={<PartFailed />}>
                  <Pages />
                </Boundary>
              </Shell>
            </Live>
          </Gate>
        </WithFormats>
      </QueryClientProvider>
    </MantineProvider>
  );
}
