/** This desk's copy of the server's documents: a snapshot plus a sequence. Pure.
 *
 *  Applying `put` and `del` in order to an old snapshot gives exactly a fresh one; any hole in the numbers is a
 *  gap, and a gap changes nothing. */

import type { Frame } from "./frames";

export type Docs = ReadonlyMap<string, unknown>;

/** Where we stand in the server's stream; sent back on return so that only the rest must be sent. */
export interface Cursor {
  readonly stream: string;
  readonly seq: number;
}

export interface Replica {
  readonly docs: Docs;
  readonly cursor: Cursor | null;
  /** True once this connection has said where it starts (snapshot or resume). */
  readonly synced: boolean;
}

export type Step =
  | { readonly kind: "applied"; readonly replica: Replica; readonly changed: ReadonlySet<string> }
  | { readonly kind: "gap"; readonly expected: number | null; readonly got: number };

export const EMPTY_REPLICA: Replica = { docs: new Map(), cursor: null, synced: false };

const NOTHING: ReadonlySet<string> = new Set();

/** A new connection begins: documents and cursor stay, but nothing counts until the server says where it starts. */
export function reconnecting(replica: Replica): Replica {
  return { ...replica, synced: false };
}

/** Give up the cursor: the next connection asks for a whole snapshot. */
export function withoutCursor(replica: Replica): Replica {
  return { ...replica, cursor: null, synced: false };
}

function sameJson(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function fromSnapshot(replica: Replica, frame: Extract<Frame, { t: "snapshot" }>): Step {
  const docs = new Map<string, unknown>();
  const changed = new Set<string>();
  for (const [key, doc] of Object.entries(frame.docs)) {
    const old = replica.docs.get(key);
    // An equal document keeps its identity, so that a reconnect repaints only what really changed.
    const kept = replica.docs.has(key) && sameJson(old, doc);
    docs.set(key, kept ? old : doc);
    if (!kept) changed.add(key);
  }
  for (const key of replica.docs.keys()) if (!docs.has(key)) changed.add(key);
  const cursor = { stream: frame.stream, seq: frame.seq };
  return { kind: "applied", replica: { docs, cursor, synced: true }, changed };
}

function fromChange(replica: Replica, cursor: Cursor, frame: Extract<Frame, { t: "put" | "del" }>): Step {
  const docs = new Map(replica.docs);
  if (frame.t === "put") docs.set(frame.key, frame.doc);
  else docs.delete(frame.key);
  const next = { docs, cursor: { stream: cursor.stream, seq: frame.seq }, synced: true };
  return { kind: "applied", replica: next, changed: new Set([frame.key]) };
}

/** Apply one frame. A `gap` leaves the replica as it was. */
export function step(replica: Replica, frame: Frame): Step {
  if (frame.t === "snapshot") return fromSnapshot(replica, frame);
  const { cursor } = replica;
  if (cursor === null) return { kind: "gap", expected: null, got: frame.seq };
  if (frame.t === "resume") {
    if (frame.seq !== cursor.seq) return { kind: "gap", expected: cursor.seq, got: frame.seq };
    return { kind: "applied", replica: { ...replica, synced: true }, changed: NOTHING };
  }
  const expected = frame.t === "tick" ? cursor.seq : cursor.seq + 1;
  if (!replica.synced || frame.seq !== expected) return { kind: "gap", expected, got: frame.seq };
  if (frame.t === "tick") return { kind: "applied", replica, changed: NOTHING };
  return fromChange(replica, cursor, frame);
}
