/** A desk in a test: real parts, documents put by hand, the server's answers by a fake fetch. */

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { onTestFinished, vi } from "vitest";
import type { Session } from "../../src/api/contract";
import { DeskPage } from "../../src/desk/DeskPage";
import { SessionContext } from "../../src/entry/session";
import { Formats } from "../../src/format/format";
import { FormatsContext } from "../../src/i18n";
import { ServerClock } from "../../src/live/clock";
import type { LiveDesk } from "../../src/live/desk";
import { LiveContext } from "../../src/live/hooks";
import { LiveStore } from "../../src/live/store";
import { Ticker } from "../../src/live/ticker";
import { Shell } from "../../src/shell/Shell";
import { listenForShortcuts } from "../../src/shell/shortcuts";
import { NOW } from "../fixtures";

export interface Stage {
  readonly store: LiveStore;
  readonly requests: { readonly method: string; readonly path: string; readonly body: unknown }[];
  /** What the server answers; by default 200 and an empty object. */
  answer: (method: string, path: string, body: unknown) => [status: number, body: unknown];
  readonly wake: ReturnType<typeof vi.fn>;
  put(docs: Record<string, unknown>): void;
  del(...keys: string[]): void;
}

export const SESSION: Session = {
  user: {
    id: 1,
    login: "lina",
    name: "李娜",
    role: "agent",
    language: "en",
    agent_id: "a1",
    extension: "1001",
  },
  csrf: "token",
  demo: true,
  pause_reasons: [{ id: "lunch", names: { en: "Lunch", zh: "午餐" } }],
  queues: [{ id: "returns", name: "Returns and complaints" }],
};

function makeLive(wake: () => void): LiveDesk {
  const store = new LiveStore();
  const clock = new ServerClock(NOW - performance.now() / 1000);
  return { store, clock, ticker: new Ticker(clock, store), link: { start: vi.fn(), stop: vi.fn(), wake } };
}

function fakeServer(stage: Stage): void {
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    const path = url.replace("/api/v1", "");
    stage.requests.push({ method: init.method ?? "GET", path, body });
    const [status, answer] = stage.answer(init.method ?? "GET", path, body);
    return new Response(JSON.stringify(answer), { status });
  });
}

export function stageDesk(
  page: ReactNode = <DeskPage />,
  session: Partial<Session> = {},
  answer: Stage["answer"] = () => [200, {}],
): Stage {
  const wake = vi.fn();
  const live = makeLive(wake);
  const stage: Stage = {
    store: live.store,
    requests: [],
    wake,
    answer,
    put(docs) {
      act(() => {
        const next = new Map(live.store.replica.docs);
        for (const [key, doc] of Object.entries(docs)) next.set(key, doc);
        live.store.commit({ docs: next, cursor: null, synced: true }, Object.keys(docs));
      });
    },
    del(...keys) {
      act(() => {
        const next = new Map(live.store.replica.docs);
        for (const key of keys) next.delete(key);
        live.store.commit({ docs: next, cursor: null, synced: true }, keys);
      });
    },
  };
  fakeServer(stage);
  live.store.setLink({ phase: "live" });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const value = { ...SESSION, ...session, signOut: async () => {} };
  onTestFinished(listenForShortcuts());
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={queries}>
        <FormatsContext value={new Formats("en-GB", "UTC")}>
          <SessionContext value={value}>
            <LiveContext value={live}>
              <Shell>{page}</Shell>
            </LiveContext>
          </SessionContext>
        </FormatsContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return stage;
}
