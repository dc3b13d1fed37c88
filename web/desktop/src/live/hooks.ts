/** The desk's documents in React, each by its key. */

import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { CallDoc, MeDoc, PopDoc, QueueDoc, RecentEntry, SwitchDoc } from "../api/contract";
import { useSession } from "../entry/session";
import type { LiveDesk } from "./desk";
import type { LinkStatus } from "./store";

export const LiveContext = createContext<LiveDesk | null>(null);

export function useLive(): LiveDesk {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("useLive outside LiveContext: wrap the part in <LiveContext value>");
  return live;
}

function useDoc<Doc>(key: string): Doc | undefined {
  const { store } = useLive();
  const subscribe = useCallback((listener: () => void) => store.subscribe(key, listener), [store, key]);
  return useSyncExternalStore(subscribe, () => store.doc(key)) as Doc | undefined;
}

export const useMe = () => useDoc<MeDoc>("me");
export const useSwitch = () => useDoc<SwitchDoc>("switch");
export const useQueues = () => useDoc<readonly QueueDoc[]>("queues");
export const useRecent = () => useDoc<readonly RecentEntry[]>("recent");
export const usePop = (callId: string) => useDoc<PopDoc>(`pop:${callId}`);

export function useCalls(): readonly CallDoc[] {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribeCalls, store.calls);
}

export function useLink(): LinkStatus {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribeLink, store.link);
}

/** The server's time in whole seconds, ticking; it stands still while the desk is stale. */
export function useServerSeconds(): number {
  const { ticker } = useLive();
  return useSyncExternalStore(ticker.subscribe, ticker.seconds);
}

/** The server's time at the last full minute: enough for dates, and repaints once a minute. */
export function useMinute(): number {
  const { ticker } = useLive();
  return useSyncExternalStore(ticker.subscribe, () => ticker.seconds() - (ticker.seconds() % 60));
}

/** A call carries its queue's id; people know it by its name, also where they do not serve it. */
export function useQueueName(): (queue: string) => string {
  const mine = useQueues() ?? [];
  const { queues } = useSession();
  return (queue) => [...mine, ...queues].find(({ id }) => String(id) === queue)?.name ?? queue;
}
