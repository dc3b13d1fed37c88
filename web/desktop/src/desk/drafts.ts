/** What somebody typed and did not save yet. Kept in the browser on each keystroke, one entry a call, so that
 *  a reload, a crash, a second tab or a sign-out loses nothing. Removed when saved or discarded. */

import { useCallback, useMemo, useSyncExternalStore } from "react";

export interface Draft {
  readonly text: string;
  /** UTC seconds of the last keystroke. */
  readonly at: number;
  /** Whose note it is, as far as it is known. */
  readonly customerId: number | null;
  readonly name: string;
}

/** A draft that nobody came back to for this long is forgotten: it holds a customer's words. */
export const KEEP_SECONDS = 14 * 86_400;

/** Entries read back at most, newest first; more is somebody else writing here. */
const MOST = 50;

function parse(text: string | null): Draft | null {
  if (text === null) return null;
  try {
    const raw = JSON.parse(text) as Partial<Draft> | null;
    if (typeof raw?.text !== "string" || typeof raw.at !== "number") return null;
    const customerId = typeof raw.customerId === "number" ? raw.customerId : null;
    return { text: raw.text, at: raw.at, customerId, name: typeof raw.name === "string" ? raw.name : "" };
  } catch {
    return null;
  }
}

export class Drafts {
  readonly #prefix: string;
  readonly #listeners = new Set<() => void>();
  #all: ReadonlyMap<string, Draft>;

  constructor(
    userId: number,
    private readonly storage: Storage,
    now: number,
  ) {
    this.#prefix = `cc.note.${userId}.`;
    this.#all = this.#read();
    for (const [key, draft] of this.#all) if (now - draft.at > KEEP_SECONDS) this.remove(key);
  }

  readonly all = (): ReadonlyMap<string, Draft> => this.#all;

  /** Another tab writes into the same storage. */
  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) {
      window.addEventListener("storage", this.#reread);
      this.#all = this.#read();
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) window.removeEventListener("storage", this.#reread);
    };
  };

  set(key: string, draft: Draft): void {
    if (draft.text.trim() === "") {
      this.remove(key);
      return;
    }
    try {
      this.storage.setItem(this.#prefix + key, JSON.stringify(draft));
    } catch {
      // A full or forbidden storage: the text stays on the screen, only a reload would lose it.
    }
    this.#change(new Map(this.#all).set(key, draft));
  }

  remove(key: string): void {
    this.storage.removeItem(this.#prefix + key);
    const next = new Map(this.#all);
    if (next.delete(key)) this.#change(next);
  }

  readonly #reread = (event: StorageEvent): void => {
    if (event.key === null || event.key.startsWith(this.#prefix)) this.#change(this.#read());
  };

  #change(next: ReadonlyMap<string, Draft>): void {
    this.#all = next;
    for (const listener of [...this.#listeners]) listener();
  }

  #read(): ReadonlyMap<string, Draft> {
    const found: [string, Draft][] = [];
    for (let index = 0; index < this.storage.length; index += 1) {
      const key = this.storage.key(index);
      if (key === null || !key.startsWith(this.#prefix)) continue;
      const draft = parse(this.storage.getItem(key));
      if (draft !== null) found.push([key.slice(this.#prefix.length), draft]);
    }
    return new Map(found.sort((a, b) => b[1].at - a[1].at).slice(0, MOST));
  }
}

const open = new Map<number, Drafts>();

/** All drafts of that person in this browser. */
export function draftsOf(userId: number): Drafts {
  let drafts = open.get(userId);
  if (drafts === undefined) {
    drafts = new Drafts(userId, localStorage, Date.now() / 1000);
    open.set(userId, drafts);
  }
  return drafts;
}

export function useDrafts(userId: number): ReadonlyMap<string, Draft> {
  const drafts = draftsOf(userId);
  return useSyncExternalStore(drafts.subscribe, drafts.all);
}

export function useDraft(userId: number, key: string) {
  const drafts = draftsOf(userId);
  const draft = useSyncExternalStore(
    drafts.subscribe,
    useCallback(() => drafts.all().get(key), [drafts, key]),
  );
  return useMemo(
    () => ({
      draft,
      write: (next: Draft) => drafts.set(key, next),
      discard: () => drafts.remove(key),
    }),
    [draft, drafts, key],
  );
}
