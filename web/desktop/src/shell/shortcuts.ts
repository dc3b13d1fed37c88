/** Single keys that work anywhere on the desk, except where somebody types or a menu is open. */

import { useEffect, useRef, useSyncExternalStore } from "react";

/** Where keys belong to the part itself: text fields, open menus, lists and dialogs. */
const BUSY =
  'input, textarea, select, [contenteditable="true"], [role="menu"], [role="listbox"], [role="dialog"]';

const OFF = "cc.single-keys-off";
const handlers = new Map<string, (() => void)[]>();
const watchers = new Set<() => void>();

/** WCAG 2.1.4: whoever uses a screen reader or speech input can turn single keys off. */
export const singleKeys = {
  on: (): boolean => localStorage.getItem(OFF) === null,
  set(on: boolean): void {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
    for (const watcher of [...watchers]) watcher();
  },
  subscribe(watcher: () => void): () => void {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  },
};

export function useSingleKeys(): boolean {
  return useSyncExternalStore(singleKeys.subscribe, singleKeys.on);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || !singleKeys.on()) return;
  if (event.target instanceof Element && event.target.closest(BUSY) !== null) return;
  const run = handlers.get(event.key.toLowerCase())?.at(-1);
  if (run === undefined) return;
  event.preventDefault();
  run();
}

/** Runs on that key while mounted and enabled; the part mounted last wins. */
export function useShortcut(key: string, run: () => void, enabled = true): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    if (!enabled) return;
    const handler = () => latest.current();
    const stack = handlers.get(key) ?? [];
    handlers.set(key, stack);
    stack.push(handler);
    return () => {
      stack.splice(stack.indexOf(handler), 1);
    };
  }, [key, enabled]);
}

/** Listen to the keyboard; once for the whole application. Returns how to stop. */
export function listenForShortcuts(): () => void {
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
