import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, type Frame } from "../../src/live/frames";
import { EMPTY_REPLICA, type Replica, reconnecting, step, withoutCursor } from "../../src/live/replica";

const NOW = 1_795_291_309.42;

const snapshot = (seq: number, docs: Record<string, unknown>, stream = "run-1"): Frame => ({
  t: "snapshot",
  stream,
  seq,
  now: NOW,
  docs,
});
const put = (seq: number, key: string, doc: unknown): Frame => ({ t: "put", seq, now: NOW, key, doc });
const del = (seq: number, key: string): Frame => ({ t: "del", seq, now: NOW, key });

function applied(replica: Replica, ...frames: Frame[]): Replica {
  let current = replica;
  for (const frame of frames) {
    const outcome = step(current, frame);
    if (outcome.kind === "gap") throw new Error(`unexpected gap at ${frame.seq}`);
    current = outcome.replica;
  }
  return current;
}

describe("a replica", () => {
  it("takes a snapshot and follows it", () => {
    const replica = applied(EMPTY_REPLICA, snapshot(4, { me: 1 }), put(5, "call:a", { x: 1 }), del(6, "me"));
    expect(Object.fromEntries(replica.docs)).toEqual({ "call:a": { x: 1 } });
    expect(replica.cursor).toEqual({ stream: "run-1", seq: 6 });
  });

  it("takes a tick that agrees, and a gap changes nothing", () => {
    const replica = applied(EMPTY_REPLICA, snapshot(4, { me: 1 }), { t: "tick", seq: 4, now: NOW });
    for (const frame of [
      put(6, "me", 2),
      put(4, "me", 2),
      del(7, "me"),
      { t: "tick", seq: 5, now: NOW } as const,
    ]) {
      expect(step(replica, frame)).toMatchObject({ kind: "gap", got: frame.seq });
    }
    expect(replica.docs.get("me")).toBe(1);
  });

  it("believes no change before the connection has said where it starts", () => {
    const replica = reconnecting(applied(EMPTY_REPLICA, snapshot(4, { me: 1 })));
    expect(step(replica, put(5, "me", 2)).kind).toBe("gap");
    expect(step(replica, { t: "tick", seq: 4, now: NOW }).kind).toBe("gap");
    expect(step(EMPTY_REPLICA, put(1, "me", 2)).kind).toBe("gap");
  });

  it("resumes only where it stood", () => {
    const replica = reconnecting(applied(EMPTY_REPLICA, snapshot(4, { me: 1 })));
    expect(step(replica, { t: "resume", seq: 3, now: NOW }).kind).toBe("gap");
    expect(step(withoutCursor(replica), { t: "resume", seq: 4, now: NOW }).kind).toBe("gap");
    const back = applied(replica, { t: "resume", seq: 4, now: NOW }, put(5, "me", 2));
    expect(back.docs.get("me")).toBe(2);
  });

  it("keeps the identity of what a new snapshot leaves equal", () => {
    const before = applied(EMPTY_REPLICA, snapshot(4, { me: { a: [1] }, gone: 1, other: { b: 1 } }));
    const outcome = step(before, snapshot(1, { me: { a: [1] }, other: { b: 2 } }, "run-2"));
    if (outcome.kind === "gap") throw new Error("a snapshot is always taken");
    expect(outcome.replica.docs.get("me")).toBe(before.docs.get("me"));
    expect([...outcome.changed].sort()).toEqual(["gone", "other"]);
    expect(outcome.replica.cursor).toEqual({ stream: "run-2", seq: 1 });
  });

  it("keeps a document that is null apart from none", () => {
    const replica = applied(EMPTY_REPLICA, snapshot(0, {}), put(1, "me", null));
    expect(replica.docs.has("me")).toBe(true);
  });
});

describe("decoding", () => {
  it("takes the five frames", () => {
    for (const frame of [snapshot(1, {}), put(2, "a", null), del(3, "a"), { t: "tick", seq: 3, now: 1 }]) {
      expect(decodeFrame(JSON.stringify(frame))).toEqual(frame);
    }
  });

  it.each([
    "",
    "{",
    "[]",
    "null",
    '"put"',
    '{"t":"put","seq":1,"now":1,"key":"a"}',
    '{"t":"put","seq":1.5,"now":1,"key":"a","doc":1}',
    '{"t":"put","seq":"1","now":1,"key":"a","doc":1}',
    '{"t":"del","seq":1,"now":1}',
    '{"t":"snapshot","seq":1,"now":1,"docs":{}}',
    '{"t":"snapshot","seq":1,"now":1,"stream":"s","docs":[]}',
    '{"t":"what","seq":1,"now":1}',
    '{"t":"tick","seq":1}',
  ])("refuses %s", (text) => {
    expect(decodeFrame(text)).toBeNull();
  });
});

/** A server as docs/realtime.md describes it, as small as can be: documents, a number, and what was sent. */
class Model {
  docs: Record<string, unknown> = {};
  seq = 0;
  readonly log: Frame[] = [];

  change(key: string, doc: unknown): Frame {
    this.seq += 1;
    let frame: Frame;
    if (doc === undefined) {
      delete this.docs[key];
      frame = del(this.seq, key);
    } else {
      this.docs = { ...this.docs, [key]: doc };
      frame = put(this.seq, key, doc);
    }
    this.log.push(frame);
    return frame;
  }

  /** What is sent to a client that returns; `kept` changes are still known. */
  reply(replica: Replica, kept: number): Frame[] {
    const from = replica.cursor?.seq ?? -1;
    if (from < this.seq - kept || from < 0) return [snapshot(this.seq, this.docs)];
    return [{ t: "resume", seq: from, now: NOW }, ...this.log.filter((frame) => frame.seq > from)];
  }
}

const KEYS = fc.constantFrom("me", "queues", "call:a", "pop:a", "call:b");
const CHANGE = fc.record({
  key: KEYS,
  doc: fc.oneof(fc.constant(undefined), fc.record({ v: fc.integer(), list: fc.array(fc.string()) })),
  fate: fc.constantFrom("arrives", "arrives", "arrives", "lost", "twice", "cut"),
});

describe("whatever the network does", () => {
  it("an old snapshot with all changes equals a fresh one", () => {
    fc.assert(
      fc.property(fc.array(CHANGE, { maxLength: 40 }), fc.nat(40), (changes, at) => {
        const model = new Model();
        let replica = EMPTY_REPLICA;
        for (const [index, { key, doc }] of changes.entries()) {
          if (index === at) replica = applied(replica, snapshot(model.seq, model.docs));
          const frame = model.change(key, doc);
          if (index >= at) replica = applied(replica, frame);
        }
        if (at >= changes.length) replica = applied(replica, snapshot(model.seq, model.docs));
        expect(Object.fromEntries(replica.docs)).toEqual(model.docs);
      }),
    );
  });

  it("lost, doubled and cut messages are noticed at once, and coming back gives the truth", () => {
    fc.assert(
      fc.property(fc.array(CHANGE, { maxLength: 60 }), fc.nat(8), (changes, kept) => {
        const model = new Model();
        let replica = applied(EMPTY_REPLICA, snapshot(0, {}));
        let behind = false;
        const comeBack = () => {
          replica = applied(reconnecting(replica), ...model.reply(replica, kept));
          behind = false;
        };
        for (const { key, doc, fate } of changes) {
          const frame = model.change(key, doc);
          if (fate === "cut") {
            comeBack();
            continue;
          }
          if (fate === "lost") {
            behind = true;
            continue;
          }
          for (let copy = 0; copy < (fate === "twice" ? 2 : 1); copy += 1) {
            const outcome = step(replica, frame);
            expect(outcome.kind === "gap").toBe(behind || copy === 1);
            if (outcome.kind === "gap") comeBack();
            else replica = outcome.replica;
          }
        }
        const tick = step(replica, { t: "tick", seq: model.seq, now: NOW });
        expect(tick.kind === "gap").toBe(behind);
        if (behind) comeBack();
        expect(Object.fromEntries(replica.docs)).toEqual(model.docs);
      }),
    );
  });
});
