/** Notes saved in this session, so that they show at once: the documents on the socket may come later. */

import { useSyncExternalStore } from "react";
import type { Note } from "../api/contract";

const NONE: readonly Note[] = [];
const byCustomer = new Map<number, readonly Note[]>();
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function noteSaved(customerId: number, note: Note): void {
  byCustomer.set(customerId, [note, ...(byCustomer.get(customerId) ?? NONE)]);
  for (const listener of [...listeners]) listener();
}

export function useSavedNotes(customerId: number | null): readonly Note[] {
  return useSyncExternalStore(subscribe, () =>
    customerId === null ? NONE : (byCustomer.get(customerId) ?? NONE),
  );
}

/** The next person at this screen starts with nothing. */
export function forgetSavedNotes(): void {
  byCustomer.clear();
}
