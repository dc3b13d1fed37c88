/** The server's clock, seen from here. Every duration on the desk is counted by it.
 *
 *  A frame's `now` is older than the server's present by the time it travelled, so each one gives a lower
 *  bound of the offset; the best of the last few is closest. */

/** Frames that count: at one tick in 5 s a server clock that was set back is followed within a minute. */
const WINDOW = 12;

export class ServerClock {
  #offsets: number[] = [];
  #offset: number;

  /** `offset`: seconds to add to the local clock until the server has spoken. */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  /** A frame said `now` (server seconds) and was read at `localMs`. `restart` forgets what was heard before. */
  hear(now: number, localMs: number, restart = false): void {
    if (restart) this.#offsets = [];
    this.#offsets.push(now - localMs / 1000);
    if (this.#offsets.length > WINDOW) this.#offsets.shift();
    this.#offset = Math.max(...this.#offsets);
  }

  /** Server seconds at local milliseconds. */
  at(localMs: number): number {
    return localMs / 1000 + this.#offset;
  }
}
