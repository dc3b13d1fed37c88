/** When a call was really on the screen, for the bench: `ring:<call id>` (card) and `pop:<call id>` (record)
 *  as performance marks, set after the frame that shows them was handed to the compositor. */

import { useLayoutEffect } from "react";

/** Marks kept for the bench; a day of calls must not grow the browser's buffer. */
const KEEP = 500;
const names: string[] = [];

function mark(name: string, detail: unknown): void {
  if (performance.getEntriesByName(name, "mark").length > 0) return;
  performance.mark(name, { detail });
  names.push(name);
  const oldest = names.length > KEEP ? names.shift() : undefined;
  if (oldest !== undefined) performance.clearMarks(oldest);
}

/** Marks `name` once, after the paint that follows this commit. `null` marks nothing yet. */
export function usePaintMark(name: string | null, detail?: string): void {
  useLayoutEffect(() => {
    if (name === null) return;
    // The frame callback runs before the paint; a message posted in it is read right after.
    const channel = new MessageChannel();
    channel.port1.onmessage = () => mark(name, detail);
    const frame = requestAnimationFrame(() => channel.port2.postMessage(null));
    return () => {
      cancelAnimationFrame(frame);
      channel.port1.onmessage = null;
      channel.port1.close();
    };
  }, [name, detail]);
}
