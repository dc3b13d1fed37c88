import { beforeEach, describe, expect, it, vi } from "vitest";
import { retryDelay } from "../../src/live/backoff";
import { ServerClock } from "../../src/live/clock";
import { type LinkEnv, LiveLink, SILENCE_MS, type SocketEvents } from "../../src/live/link";
import type { Cursor } from "../../src/live/replica";
import { LiveStore } from "../../src/live/store";

/** A browser in virtual time: sockets are opened by the link and spoken for by the test. */
class World implements LinkEnv {
  ms = 0;
  sleptMs = 0;
  readonly opened: { cursor: Cursor | null; events: SocketEvents; closed: boolean }[] = [];
  #timers: { at: number; run: () => void }[] = [];

  open(cursor: Cursor | null, events: SocketEvents): () => void {
    const socket = { cursor, events, closed: false };
    this.opened.push(socket);
    return () => {
      socket.closed = true;
    };
  }
  nowMs = () => this.ms;
  wallMs = () => this.ms + this.sleptMs;
  random = () => 0.5;
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.ms + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  pass(ms: number): void {
    const end = this.ms + ms;
    for (;;) {
      const due = this.#timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.ms = due.at;
      due.run();
    }
    this.ms = end;
  }

  get pending(): number {
    return this.#timers.length;
  }

  get last() {
    const socket = this.opened.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }

  say(frame: object): void {
    this.last.events.message(JSON.stringify({ now: 1_000 + this.ms / 1000, ...frame }));
  }
}

let world: World;
let store: LiveStore;
let clock: ServerClock;
let link: LiveLink;
const onLost = vi.fn();

const CALL = { id: "c", state: "ringing", arrived_at: 1 };
const SNAPSHOT = { t: "snapshot", stream: "run-1", seq: 7, docs: { me: { a: 1 }, "call:c": CALL } };

beforeEach(() => {
  onLost.mockClear();
  world = new World();
  store = new LiveStore();
  clock = new ServerClock();
  link = new LiveLink(world, store, clock, onLost);
});

function live(): void {
  link.start();
  world.say(SNAPSHOT);
}

describe("the link", () => {
  it("is live only after the snapshot", () => {
    link.start();
    expect(store.link().phase).toBe("connecting");
    world.say(SNAPSHOT);
    expect(store.link()).toEqual({ phase: "live" });
    expect(store.calls()).toEqual([CALL]);
    expect(clock.at(world.ms)).toBeCloseTo(1_000);
  });

  it("is stale at once when the connection breaks, with the time of the last word", () => {
    live();
    world.pass(3_000);
    world.say({ t: "tick", seq: 7 });
    world.pass(2_000);
    world.last.events.closed();
    expect(store.link()).toEqual({ phase: "stale", lastWord: 1_003 });
    expect(onLost).toHaveBeenCalledOnce();
    expect(store.doc("me")).toEqual({ a: 1 });
  });

  it("asks for the rest when it returns, and is live only when that has come", () => {
    live();
    world.say({ t: "put", seq: 8, key: "me", doc: { a: 2 } });
    world.last.events.closed();
    world.pass(500);
    expect(world.last.cursor).toEqual({ stream: "run-1", seq: 8 });
    expect(store.link().phase).toBe("stale");
    world.say({ t: "resume", seq: 8 });
    world.say({ t: "del", seq: 9, key: "call:c" });
    expect(store.link()).toEqual({ phase: "live" });
    expect(store.calls()).toEqual([]);
  });

  it("takes a restarted server's snapshot: a call that is gone is gone", () => {
    live();
    world.last.events.closed();
    world.pass(500);
    world.say({ t: "snapshot", stream: "run-2", seq: 1, docs: { me: { a: 1 } } });
    expect(store.calls()).toEqual([]);
    world.say({ t: "put", seq: 2, key: "call:c", doc: CALL });
    expect(store.calls()).toEqual([CALL]);
  });

  it("notices silence after 12 s, though the socket seems open", () => {
    live();
    world.pass(SILENCE_MS - 1_000);
    expect(store.link().phase).toBe("live");
    world.pass(1_000);
    expect(store.link()).toEqual({ phase: "stale", lastWord: 1_000 });
    expect(world.opened[0]?.closed).toBe(true);
  });

  it("stays live on ticks alone", () => {
    live();
    for (let count = 0; count < 30; count += 1) {
      world.pass(5_000);
      world.say({ t: "tick", seq: 7 });
    }
    expect(store.link().phase).toBe("live");
    expect(world.opened).toHaveLength(1);
  });

  it("comes back from a two-minute loss with what happened meanwhile", () => {
    live();
    for (let second = 0; second < 120; second += 1) {
      world.pass(1_000);
      if (!world.last.closed && world.opened.length > 1) world.last.events.closed();
    }
    expect(store.link()).toEqual({ phase: "stale", lastWord: 1_000 });
    const before = world.opened.length;
    world.pass(10_000);
    expect(world.opened.length).toBeGreaterThan(before);
    world.say({ t: "resume", seq: 7 });
    world.say({ t: "put", seq: 8, key: "call:c", doc: { ...CALL, state: "talking" } });
    expect(store.link()).toEqual({ phase: "live" });
    expect(store.calls()[0]?.state).toBe("talking");
  });

  it("a missed number closes and resumes; the hole is never shown", () => {
    live();
    world.say({ t: "put", seq: 9, key: "me", doc: { a: 9 } });
    expect(store.doc("me")).toEqual({ a: 1 });
    expect(store.link().phase).toBe("stale");
    expect(world.opened[0]?.closed).toBe(true);
    world.pass(500);
    expect(world.last.cursor).toEqual({ stream: "run-1", seq: 7 });
  });

  it("asks for a whole snapshot when a resume starts elsewhere, or a message cannot be read", () => {
    live();
    world.last.events.closed();
    world.pass(500);
    world.say({ t: "resume", seq: 3 });
    world.pass(1_000);
    expect(world.last.cursor).toBeNull();
    world.say(SNAPSHOT);
    world.last.events.message("rubbish");
    world.pass(4_000);
    expect(world.last.cursor).toBeNull();
  });

  it("gives up a handshake that does not end", () => {
    link.start();
    world.pass(11_000);
    expect(world.opened[0]?.closed).toBe(true);
    expect(world.opened.length).toBeGreaterThan(1);
    expect(store.link().phase).toBe("connecting");
  });

  it("a laptop that slept is stale within a second of waking", () => {
    live();
    world.sleptMs = 3_600_000;
    world.pass(1_000);
    expect(store.link().phase).toBe("stale");
  });

  it("wake() connects now instead of waiting", () => {
    live();
    world.last.events.closed();
    expect(world.opened).toHaveLength(1);
    link.wake();
    expect(world.opened).toHaveLength(2);
    world.pass(10);
    expect(world.opened).toHaveLength(2);
  });

  it("hears nothing from a connection it has left", () => {
    live();
    const old = world.last;
    world.say({ t: "put", seq: 9, key: "me", doc: {} });
    old.events.message(JSON.stringify({ t: "put", seq: 8, now: 1, key: "me", doc: { a: "old" } }));
    expect(store.doc("me")).toEqual({ a: 1 });
  });

  it("stop() forgets everything, leaves no timer, and may be called twice", () => {
    live();
    link.stop();
    link.stop();
    expect(store.doc("me")).toBeUndefined();
    expect(store.calls()).toEqual([]);
    expect(store.link()).toEqual({ phase: "connecting" });
    expect(world.pending).toBe(0);
    link.wake();
    expect(world.opened).toHaveLength(1);
  });

  it("tells only who watches what changed", () => {
    live();
    const me = vi.fn();
    const calls = vi.fn();
    store.subscribe("me", me);
    store.subscribeCalls(calls);
    world.say({ t: "put", seq: 8, key: "queues", doc: [] });
    world.say({ t: "tick", seq: 8 });
    expect(me).not.toHaveBeenCalled();
    world.say({ t: "put", seq: 9, key: "me", doc: {} });
    expect(me).toHaveBeenCalledOnce();
    expect(calls).not.toHaveBeenCalled();
    world.say({ t: "del", seq: 10, key: "call:c" });
    expect(calls).toHaveBeenCalledOnce();
  });
});

describe("the wait before trying again", () => {
  it("grows, is spread, and stays within its bounds", () => {
    expect(retryDelay(0, 0.999)).toBeLessThanOrEqual(500);
    expect(retryDelay(3, 0.5)).toBe(2_000);
    expect(retryDelay(50, 0.999)).toBeLessThanOrEqual(8_000);
    expect(retryDelay(50, 0)).toBe(50);
  });
});

describe("the server's clock", () => {
  it("believes the quickest of the last messages", () => {
    const heard = new ServerClock();
    heard.hear(1_000.0, 500_000);
    heard.hear(1_000.7, 501_000);
    expect(heard.at(501_000)).toBeCloseTo(1_001);
  });

  it("follows a clock that was set back, and starts anew with a connection", () => {
    const heard = new ServerClock();
    for (let second = 0; second < 30; second += 1)
      heard.hear((second < 10 ? 1_000 : 900) + second, second * 1_000);
    expect(heard.at(29_000)).toBeCloseTo(929);
    heard.hear(5_000, 30_000, true);
    expect(heard.at(30_000)).toBeCloseTo(5_000);
  });
});
