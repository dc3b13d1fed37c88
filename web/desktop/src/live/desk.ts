/** The live desk of one signed-in person: documents, clock and the link that feeds them. */

import { afterThisTask, browserEnv } from "./browser";
import { ServerClock } from "./clock";
import { LiveLink } from "./link";
import { LiveStore } from "./store";
import { Ticker } from "./ticker";

export interface LiveDesk {
  readonly store: LiveStore;
  readonly clock: ServerClock;
  readonly ticker: Ticker;
  readonly link: Pick<LiveLink, "start" | "stop" | "wake">;
}

/** `onLost` is told at each loss of the connection. Not started. */
export function makeLiveDesk(onLost: () => void): LiveDesk {
  const store = new LiveStore(afterThisTask());
  const clock = new ServerClock((Date.now() - performance.now()) / 1000);
  return {
    store,
    clock,
    ticker: new Ticker(clock, store),
    link: new LiveLink(browserEnv(), store, clock, onLost),
  };
}
