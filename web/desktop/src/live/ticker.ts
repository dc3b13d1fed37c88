/** One heartbeat a second for all durations on the desk, on the server's second, so that they flip together. */

import type { ServerClock } from "./clock";
import type { LiveStore } from "./store";

/** Past the second's edge by this much, so that a timer that fires early does not show the old second again. */
const EDGE_MS = 8;

export class Ticker {
  readonly #listeners = new Set<() => void>();
  #timer: number | null = null;

  constructor(
    private readonly clock: ServerClock,
    private readonly store: LiveStore,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#timer === null) this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      window.clearTimeout(this.#timer);
      this.#timer = null;
    };
  };

  /** Whole server seconds; the last word's time while what is shown is not live. */
  readonly seconds = (): number => {
    const link = this.store.link();
    return Math.floor(link.phase === "stale" ? link.lastWord : this.clock.at(this.nowMs()));
  };

  #schedule(): void {
    const intoSecond = (this.clock.at(this.nowMs()) * 1000) % 1000;
    this.#timer = window.setTimeout(
      () => {
        this.#schedule();
        for (const listener of [...this.#listeners]) listener();
      },
      1000 - intoSecond + EDGE_MS,
    );
  }
}
