import { describe, expect, it, vi } from "vitest";
import { EMPTY_REPLICA } from "../../src/live/replica";
import { LiveStore } from "../../src/live/store";

function replica(docs: Record<string, unknown>) {
  return { ...EMPTY_REPLICA, docs: new Map(Object.entries(docs)), synced: true };
}

function held() {
  const waiting: (() => void)[] = [];
  const store = new LiveStore((run) => waiting.push(run));
  const release = () => {
    for (const run of waiting.splice(0)) run();
  };
  return { store, waiting, release };
}

describe("the live store", () => {
  it("tells once of all messages of one moment, and shows the last of them", () => {
    const { store, waiting, release } = held();
    const listener = vi.fn();
    store.subscribe("me", listener);
    store.subscribe("queues", listener);
    store.commit(replica({ me: 1 }), ["me"]);
    store.commit(replica({ me: 2, queues: 1 }), ["me", "queues"]);
    expect(listener).not.toHaveBeenCalled();
    expect(waiting).toHaveLength(1);
    release();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(store.doc("me")).toBe(2);
    store.commit(replica({ me: 3 }), ["me"]);
    release();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it("tells nobody who has gone meanwhile, and nobody of nothing", () => {
    const { store, waiting, release } = held();
    const listener = vi.fn();
    const leave = store.subscribe("me", listener);
    store.commit(replica({}), []);
    expect(waiting).toHaveLength(0);
    store.commit(replica({ me: 1 }), ["me"]);
    leave();
    release();
    expect(listener).not.toHaveBeenCalled();
  });

  it("tells who watches the calls when one of them changes", () => {
    const { store, release } = held();
    const listener = vi.fn();
    store.subscribeCalls(listener);
    store.commit(replica({ me: 1 }), ["me"]);
    release();
    expect(listener).not.toHaveBeenCalled();
    const call = { id: "pbx:1", state: "ringing", arrived_at: 1 };
    store.commit(replica({ "call:pbx:1": call }), ["call:pbx:1"]);
    expect(store.calls()).toEqual([call]);
    release();
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
