/** What arrives on the socket, decoded at the edge. Pure. */

export type Frame =
  | {
      readonly t: "snapshot";
      stream: string;
      seq: number;
      now: number;
      docs: Readonly<Record<string, unknown>>;
    }
  | { readonly t: "resume"; seq: number; now: number }
  | { readonly t: "put"; seq: number; now: number; key: string; doc: unknown }
  | { readonly t: "del"; seq: number; now: number; key: string }
  | { readonly t: "tick"; seq: number; now: number };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One text message to a frame, or null when it is not one of docs/realtime.md: then nothing after it can be
 *  trusted and the caller starts again from a snapshot. */
export function decodeFrame(text: string): Frame | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(raw) || !Number.isSafeInteger(raw.seq) || typeof raw.now !== "number") return null;
  const { t, now } = raw;
  const seq = raw.seq as number;
  switch (t) {
    case "snapshot":
      if (typeof raw.stream !== "string" || !isObject(raw.docs)) return null;
      return { t, stream: raw.stream, seq, now, docs: raw.docs };
    case "put":
      if (typeof raw.key !== "string" || !("doc" in raw)) return null;
      return { t, seq, now, key: raw.key, doc: raw.doc };
    case "del":
      return typeof raw.key === "string" ? { t, seq, now, key: raw.key } : null;
    case "resume":
    case "tick":
      return { t, seq, now };
    default:
      return null;
  }
}
