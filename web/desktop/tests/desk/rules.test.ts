import { describe, expect, it } from "vitest";
import { Drafts, KEEP_SECONDS } from "../../src/desk/drafts";
import { pickCall } from "../../src/desk/pick";
import { buildTimeline, ordersByUrgency, ticketsByUrgency, urgentCounts } from "../../src/desk/timeline";
import { callerOf, othersWith, whoCalls } from "../../src/desk/who";
import { i18n } from "../../src/i18n";
import { CALL_ID, callDoc, NOW, popDoc, recordOf, rowOf } from "../fixtures";

describe("which call is shown", () => {
  const talking = callDoc({ id: "t", state: "talking" });
  const ringing = callDoc({ id: "r", state: "ringing" });
  const ended = callDoc({ id: "e", state: "ended" });

  it("a conversation is not pushed away by a second call", () => {
    expect(pickCall([ringing, talking], null)).toBe(talking);
  });

  it("a ringing call comes before an ended one", () => {
    expect(pickCall([ended, ringing], null)).toBe(ringing);
    expect(pickCall([ended], null)).toBe(ended);
    expect(pickCall([], "gone")).toBeNull();
  });

  it("what the agent picked holds while it is there", () => {
    expect(pickCall([ringing, talking], "r")).toBe(ringing);
    expect(pickCall([talking], "r")).toBe(talking);
  });
});

describe("the timeline", () => {
  it("puts everything in one order, newest first, without the call that is on the desk", () => {
    const items = buildTimeline(recordOf(), [rowOf(), rowOf({ id: CALL_ID, arrived_at: NOW })], [], CALL_ID);
    expect(items.map((item) => item.at)).toEqual(items.map((item) => item.at).sort((a, b) => b - a));
    expect(items.filter((item) => item.kind === "call")).toHaveLength(1);
  });

  it("shows a note once, though the socket and the save both told it", () => {
    const note = { id: 7, text: "x", at: NOW, by: "me", call_id: null };
    const items = buildTimeline(recordOf({ notes: [note], orders: [], tickets: [] }), [], [note]);
    expect(items).toHaveLength(1);
  });

  it("knows what is urgent", () => {
    expect(urgentCounts(recordOf())).toEqual({ late: 1, open: 1 });
    expect(ordersByUrgency(recordOf().orders)[0]?.status).toBe("late");
    expect(ticketsByUrgency([...recordOf().tickets].reverse())[0]?.status).toBe("open");
  });
});

describe("who calls", () => {
  const contact = { ...recordOf(), id: 5, name: "Ethan Lawson", company: "Beacon Clinic" };
  const company = popDoc("x", {
    customer: recordOf({ id: 5, name: "Beacon Clinic", company: null }),
    match: { confidence: "exact", candidates: [contact] },
  });

  it("is the company's contact whose number it is", () => {
    expect(callerOf(callDoc(), company, i18n.t)).toEqual({ name: "Ethan Lawson", company: "Beacon Clinic" });
    expect(whoCalls(callDoc(), company, i18n.t)).toBe("Ethan Lawson, Beacon Clinic");
  });

  it("is a person once, not a person at himself", () => {
    expect(callerOf(callDoc(), popDoc("x"), i18n.t)).toEqual({ name: "周建国", company: null });
  });

  it("is what the line said, else the number", () => {
    expect(whoCalls(callDoc({ caller_name: "ZHOU J" }), undefined, i18n.t)).toBe("ZHOU J");
    expect(whoCalls(callDoc({ caller_name: " " }), undefined, i18n.t)).toBe("+86 138 0000 0199");
  });

  it("names the others on the line, not the caller again", () => {
    const call = callDoc({
      state: "talking",
      with: [
        { name: "+8613800000199", kind: "outside" },
        { name: "Ma Lin", kind: "agent" },
      ],
    });
    expect(othersWith(call, callerOf(call, popDoc("x"), i18n.t))).toEqual(["Ma Lin"]);
  });
});

describe("drafts", () => {
  const draft = { text: "Asked for Friday", at: NOW, customerId: 1, name: "周建国" };

  it("survive a reload and are gone when removed", () => {
    new Drafts(1, localStorage, NOW).set("call:1", draft);
    const again = new Drafts(1, localStorage, NOW);
    expect(again.all().get("call:1")).toEqual(draft);
    again.remove("call:1");
    expect(new Drafts(1, localStorage, NOW).all().size).toBe(0);
  });

  it("belong to one person", () => {
    new Drafts(1, localStorage, NOW).set("call:1", draft);
    expect(new Drafts(2, localStorage, NOW).all().size).toBe(0);
    expect(new Drafts(11, localStorage, NOW).all().size).toBe(0);
  });

  it("emptied text is no draft", () => {
    const drafts = new Drafts(1, localStorage, NOW);
    drafts.set("call:1", draft);
    drafts.set("call:1", { ...draft, text: "  \n" });
    expect(drafts.all().size).toBe(0);
    expect(localStorage.getItem("cc.note.1.call:1")).toBeNull();
  });

  it("are forgotten after two weeks, and rubbish is passed over", () => {
    new Drafts(1, localStorage, NOW).set("call:1", draft);
    localStorage.setItem("cc.note.1.call:2", "{");
    localStorage.setItem("cc.note.1.call:3", '{"text":5}');
    expect(new Drafts(1, localStorage, NOW).all().size).toBe(1);
    expect(new Drafts(1, localStorage, NOW + KEEP_SECONDS + 1).all().size).toBe(0);
  });

  it("follow what another tab types", () => {
    const drafts = new Drafts(1, localStorage, NOW);
    const stop = drafts.subscribe(() => {});
    localStorage.setItem("cc.note.1.call:1", JSON.stringify(draft));
    window.dispatchEvent(new StorageEvent("storage", { key: "cc.note.1.call:1" }));
    expect(drafts.all().get("call:1")?.text).toBe(draft.text);
    stop();
  });
});
