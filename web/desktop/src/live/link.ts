/** The socket's driver: opens it, feeds frames to the replica, notices silence and gaps, and comes back.
 *
 *  All that decides lies in replica.ts; the browser comes in through `LinkEnv`, so tests run in virtual time. */

import { retryDelay } from "./backoff";
import type { ServerClock } from "./clock";
import { decodeFrame } from "./frames";
import { type Cursor, EMPTY_REPLICA, reconnecting, step, withoutCursor } from "./replica";
import type { LiveStore } from "./store";

/** What a connection tells: each message, and once that it is over (also when it never opened). */
export interface SocketEvents {
  message(data: unknown): void;
  closed(): void;
}

export interface LinkEnv {
  /** Begins a connection; returns how to close it (after which it tells nothing more). */
  open(cursor: Cursor | null, events: SocketEvents): () => void;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Wall-clock milliseconds: they go on while a laptop sleeps and the monotonic ones stand still. */
  wallMs(): number;
  /** Runs once after `ms`; returns how to cancel it. */
  after(ms: number, run: () => void): () => void;
  random(): number;
}

/** The server ticks every 5 s of silence; two ticks and some travel without a word, and we are not live. */
export const SILENCE_MS = 12_000;
/** How often silence is looked for: also how soon a woken laptop knows that it slept. */
const CHECK_MS = 1_000;
/** A handshake that takes longer than this has failed. */
const SYNC_MS = 10_000;
/** A connection that was live for this long starts the backoff anew; one that dies at once does not. */
const PROVEN_MS = 5_000;

export class LiveLink {
  #close: (() => void) | null = null;
  /** Counts connections: what one that was left still says is not heard. */
  #connection = 0;
  #running = false;
  #attempt = 0;
  #openedAt = 0;
  #liveSince: number | null = null;
  #heardAt = 0;
  #heardWall = 0;
  #stopCheck: () => void = () => {};
  #stopRetry: () => void = () => {};

  constructor(
    private readonly env: LinkEnv,
    private readonly store: LiveStore,
    private readonly clock: ServerClock,
    /** Told at each loss: the owner looks whether the session is still good. */
    private readonly onLost: () => void = () => {},
  ) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
    this.#watch();
  }

  /** Close for good and forget: the next person at this screen sees nothing of the last. May be called twice. */
  stop(): void {
    this.#running = false;
    this.#stopCheck();
    this.#stopRetry();
    this.#drop();
    this.store.setLink({ phase: "connecting" });
    this.store.commit(EMPTY_REPLICA, [...this.store.replica.docs.keys()]);
  }

  /** Somebody knows better than the backoff: the network is back, the page is shown again, the button. */
  wake(): void {
    if (!this.#running) return;
    if (this.#close !== null) this.#checkSilence();
    if (this.#close === null) {
      this.#stopRetry();
      this.#connect();
    }
  }

  #connect(): void {
    this.store.commit(reconnecting(this.store.replica), []);
    const now = this.env.nowMs();
    this.#openedAt = now;
    this.#liveSince = null;
    const mine = this.#connection;
    this.#close = this.env.open(this.store.replica.cursor, {
      message: (data) => {
        if (mine === this.#connection) this.#read(data);
      },
      closed: () => {
        if (mine === this.#connection) this.#lost();
      },
    });
  }

  #read(data: unknown): void {
    const frame = typeof data === "string" ? decodeFrame(data) : null;
    if (frame === null) {
      this.store.commit(withoutCursor(this.store.replica), []);
      this.#lost();
      return;
    }
    const outcome = step(this.store.replica, frame);
    if (outcome.kind === "gap") {
      // A server that resumes at another place than we asked cannot be followed: ask for the whole.
      if (!this.store.replica.synced) this.store.commit(withoutCursor(this.store.replica), []);
      this.#lost();
      return;
    }
    const restart = this.#liveSince === null;
    this.#heard(frame.now, restart);
    this.store.commit(outcome.replica, outcome.changed);
    this.store.setLink({ phase: "live" });
  }

  #heard(serverNow: number, restart: boolean): void {
    const now = this.env.nowMs();
    this.#heardAt = now;
    this.#heardWall = this.env.wallMs();
    this.#liveSince ??= now;
    this.clock.hear(serverNow, now, restart);
    if (now - this.#liveSince >= PROVEN_MS) this.#attempt = 0;
  }

  #watch(): void {
    this.#stopCheck = this.env.after(CHECK_MS, () => {
      this.#checkSilence();
      this.#watch();
    });
  }

  #checkSilence(): void {
    if (this.#close === null) return;
    const now = this.env.nowMs();
    if (this.#liveSince === null) {
      if (now - this.#openedAt >= SYNC_MS) this.#lost();
      return;
    }
    const silent = Math.max(now - this.#heardAt, this.env.wallMs() - this.#heardWall);
    if (silent >= SILENCE_MS) this.#lost();
  }

  #lost(): void {
    this.#drop();
    if (!this.#running) return;
    if (this.#liveSince !== null || this.store.link().phase === "live") {
      this.store.setLink({ phase: "stale", lastWord: this.clock.at(this.#heardAt) });
    }
    this.#stopRetry();
    this.#stopRetry = this.env.after(retryDelay(this.#attempt, this.env.random()), () => this.#connect());
    this.#attempt += 1;
    this.onLost();
  }

  #drop(): void {
    this.#connection += 1;
    const close = this.#close;
    this.#close = null;
    close?.();
  }
}
