/** Which of the calls on this desk the middle of the screen is about. Pure. */

import type { CallDoc } from "../api/contract";

/** Somebody in a conversation keeps seeing whom they talk with when another call rings. */
const ORDER: readonly CallDoc["state"][] = ["talking", "held", "ringing", "ended"];

/** `picked` is what the agent clicked; it holds while that call is on the desk. */
export function pickCall(calls: readonly CallDoc[], picked: string | null): CallDoc | null {
  const chosen = calls.find((call) => call.id === picked);
  if (chosen !== undefined) return chosen;
  for (const state of ORDER) {
    const found = calls.find((call) => call.state === state);
    if (found !== undefined) return found;
  }
  return null;
}
