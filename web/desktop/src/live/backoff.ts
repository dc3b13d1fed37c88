/** How long to wait before trying again: exponential with full jitter, so that two hundred desks that lost one
 *  server do not come back in one instant. */

/** First try after a loss comes within this time. */
const BASE_MS = 500;
/** An agent should not sit offline for longer than this after the server is back. */
const CAP_MS = 8_000;
/** Never a busy loop, whatever the dice say. */
const FLOOR_MS = 50;

/** `attempt` counts from 0; `random` is in [0, 1). */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 10));
  return Math.max(FLOOR_MS, Math.round(ceiling * random));
}
