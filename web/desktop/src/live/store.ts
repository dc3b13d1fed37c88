/** Documents and link state for React: subscribed by key, so that one message repaints one part of the desk. */

import type { CallDoc } from "../api/contract";
import { EMPTY_REPLICA, type Replica } from "./replica";

/** `connecting`: nothing heard yet. `live`: what is shown is true now. `stale`: it was true at `lastWord`
 *  (server seconds). */
export type LinkStatus =
  | { readonly phase: "connecting" }
  | { readonly phase: "live" }
  | { readonly phase: "stale"; readonly lastWord: number };

type Listener = () => void;

const CALL_PREFIX = "call:";
const NO_CALLS: readonly CallDoc[] = [];

const RANK: Readonly<Record<CallDoc["state"], number>> = { ringing: 0, talking: 1, held: 2, ended: 3 };

function callsOf(replica: Replica): readonly CallDoc[] {
  const calls: CallDoc[] = [];
  for (const [key, doc] of replica.docs) if (key.startsWith(CALL_PREFIX)) calls.push(doc as CallDoc);
  return calls.sort((a, b) => RANK[a.state] - RANK[b.state] || b.arrived_at - a.arrived_at);
}

export class LiveStore {
  #replica: Replica = EMPTY_REPLICA;
  #link: LinkStatus = { phase: "connecting" };
  #calls: readonly CallDoc[] = NO_CALLS;
  readonly #byKey = new Map<string, Set<Listener>>();
  readonly #onCalls = new Set<Listener>();
  readonly #onLink = new Set<Listener>();
  readonly #untold = new Set<string>();

  /** `soon` runs a function once what has already arrived is read: the messages of one moment are one repaint. */
  constructor(private readonly soon: (run: () => void) => void = (run) => run()) {}

  get replica(): Replica {
    return this.#replica;
  }

  readonly link = (): LinkStatus => this.#link;

  /** The calls on this desk: ringing first, then talking, held, ended; newest first within. */
  readonly calls = (): readonly CallDoc[] => this.#calls;

  doc(key: string): unknown {
    return this.#replica.docs.get(key);
  }

  subscribe(key: string, listener: Listener): () => void {
    const listeners = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byKey.get(key) === listeners) this.#byKey.delete(key);
    };
  }

  readonly subscribeCalls = (listener: Listener): (() => void) => {
    this.#onCalls.add(listener);
    return () => this.#onCalls.delete(listener);
  };

  readonly subscribeLink = (listener: Listener): (() => void) => {
    this.#onLink.add(listener);
    return () => this.#onLink.delete(listener);
  };

  /** Take the next replica, and soon tell whoever watches a changed key. */
  commit(replica: Replica, changed: Iterable<string>): void {
    this.#replica = replica;
    const nothingUntold = this.#untold.size === 0;
    let callsChanged = false;
    for (const key of changed) {
      callsChanged ||= key.startsWith(CALL_PREFIX);
      this.#untold.add(key);
    }
    if (callsChanged) this.#calls = callsOf(replica);
    if (nothingUntold && this.#untold.size > 0) this.soon(() => this.#tell());
  }

  #tell(): void {
    const due = new Set<Listener>();
    let callsChanged = false;
    for (const key of this.#untold) {
      callsChanged ||= key.startsWith(CALL_PREFIX);
      for (const listener of this.#byKey.get(key) ?? []) due.add(listener);
    }
    this.#untold.clear();
    if (callsChanged) for (const listener of this.#onCalls) due.add(listener);
    for (const listener of due) listener();
  }

  setLink(link: LinkStatus): void {
    if (JSON.stringify(link) === JSON.stringify(this.#link)) return;
    this.#link = link;
    for (const listener of [...this.#onLink]) listener();
  }
}
