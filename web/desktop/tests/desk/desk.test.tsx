import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { i18n } from "../../src/i18n";
import { CALL_ID, callDoc, deskOf, meDoc, NOW, popDoc, recordOf } from "../fixtures";
import { type Stage, stageDesk } from "./stage";

const CALL = `call:${CALL_ID}`;
const POP = `pop:${CALL_ID}`;

let stage: Stage;
let user: ReturnType<typeof userEvent.setup>;

beforeEach(() => {
  window.history.replaceState(null, "", "/");
  user = userEvent.setup();
  stage = stageDesk();
});

const text = (id: string) => screen.getByTestId(id).textContent ?? "";
const sent = (method: string) => stage.requests.filter((request) => request.method === method);

describe("a ringing call", () => {
  it("shows who, why and how long at once", () => {
    stage.put(deskOf("ringing"));
    expect(text("call-name")).toBe("周建国");
    expect(text("call-number")).toBe("+86 138 0000 0199");
    expect(text("match-badge")).toBe("Number matches one customer");
    expect(text("call-wait")).toMatch(/^waiting 0:3[789]$/);
    expect(text("call-late-orders")).toBe("1 late order");
    expect(text("call-open-tickets")).toBe("1 open ticket");
    expect(text("answer-hint")).toBe("Answer on your phone 1001");
    expect(screen.getAllByTestId("order-row")).toHaveLength(4);
    expect(screen.getAllByTestId("ticket-row")).toHaveLength(2);
    expect(screen.getAllByTestId("timeline-item").length).toBeGreaterThan(5);
  });

  it("is announced, and changes the tab's title and icon", async () => {
    stage.put(deskOf("ringing"));
    expect(text("announcer")).toBe("Incoming call from 周建国");
    await waitFor(() => expect(document.title).toBe("☎ 周建国 is calling"));
    stage.del(CALL, POP);
    expect(text("announcer")).toBe("");
    await waitFor(() => expect(document.title).toBe("Callcenter"));
  });

  it("leaves at once when somebody else answers, and the last calls say who", () => {
    stage.put(deskOf("ringing"));
    stage.del(CALL, POP);
    stage.put({ recent: deskOf("idle").recent });
    expect(screen.queryByTestId("call-card")).toBeNull();
    const elsewhere = screen.getAllByTestId("recent-item").find((item) => item.dataset.how === "elsewhere");
    expect(elsewhere?.textContent).toContain("Answered by Ma Lin");
  });

  it("says that it is looking while the record has not come", () => {
    stage.put(deskOf("looking"));
    expect(screen.getByTestId("looking").textContent).toContain("Looking up the caller…");
    stage.put({ [POP]: popDoc(CALL_ID) });
    expect(text("customer-name")).toBe("周建国");
  });

  it("offers no button to answer: the phone does that", () => {
    stage.put(deskOf("ringing"));
    expect(screen.queryByRole("button", { name: /answer/i })).toBeNull();
  });

  it("has a name that is data, whatever it is", () => {
    stage.put(deskOf("unknown"));
    expect(text("call-name")).toBe("<script>alert('x')</script>");
    expect(document.querySelector("#root script, main script")).toBeNull();
  });
});

describe("a caller who is not one known customer", () => {
  it("several: the number key chooses", async () => {
    stage.put(deskOf("ambiguous"));
    expect(within(screen.getByTestId("chooser")).getAllByTestId("candidate")).toHaveLength(3);
    await user.keyboard("2");
    await waitFor(() =>
      expect(sent("PUT")).toEqual([
        { method: "PUT", path: `/calls/${encodeURIComponent(CALL_ID)}/customer`, body: { customer_id: 12 } },
      ]),
    );
  });

  it("nobody: a form with the number already in it ties the new customer to the call", async () => {
    stage.put({ me: meDoc(), [CALL]: callDoc({ caller_name: "" }) });
    stage.put({
      [POP]: popDoc(CALL_ID, { match: { confidence: "none", candidates: [] }, customer: null, calls: [] }),
    });
    expect(screen.getByTestId<HTMLInputElement>("create-number").value).toBe("+8613800000199");
    await user.keyboard("c");
    await user.keyboard("Tom Reed");
    await user.click(screen.getByTestId("create-submit"));
    await waitFor(() => expect(sent("POST")).toHaveLength(1));
    expect(sent("POST")[0]?.body).toEqual({
      name: "Tom Reed",
      language: "en",
      numbers: ["+8613800000199"],
      call_id: CALL_ID,
    });
  });

  it("nobody: a number that the switch learns late comes into the untouched form, never over what was typed", async () => {
    const none = popDoc(CALL_ID, {
      match: { confidence: "none", candidates: [] },
      customer: null,
      calls: [],
    });
    const late = {
      raw: "+14155550142",
      e164: "+14155550142",
      display: "+1 415-555-0142",
      kind: "number",
    } as const;
    stage.put({ me: meDoc(), [CALL]: callDoc({ caller_name: "" }), [POP]: none });
    stage.put({ [CALL]: callDoc({ caller_name: "", number: late }) });
    const field = screen.getByTestId<HTMLInputElement>("create-number");
    expect(field.value).toBe("+14155550142");
    await user.clear(field);
    await user.type(field, "1002");
    stage.put({ [CALL]: callDoc({ caller_name: "Tom" }) });
    expect(field.value).toBe("1002");
    expect(screen.getByTestId<HTMLInputElement>("create-name").value).toBe("Tom");
  });

  it("withheld: says so and puts no number into the form", () => {
    stage.put(deskOf("anonymous"));
    expect(text("call-name")).toBe("Number withheld");
    expect(screen.getByTestId<HTMLInputElement>("create-number").value).toBe("");
  });

  it("database down: says what is missing and offers nothing that cannot work", () => {
    stage.put(deskOf("unavailable"));
    expect(text("unavailable")).toContain("the customer database");
    expect(screen.queryByTestId("quick-create")).toBeNull();
    expect(text("call-number")).toBe("+86 138 0000 0199");
  });

  it("an empty list that could not be loaded is not shown as none", () => {
    stage.put(deskOf("likely"));
    expect(text("orders")).toContain("Could not be loaded.");
    expect(text("orders")).not.toContain("No orders yet.");
  });
});

describe("a desk that is not live", () => {
  const stale = () => act(() => stage.store.setLink({ phase: "stale", lastWord: NOW }));

  it("says since when, and no call rings any more", async () => {
    stage.put(deskOf("ringing"));
    stale();
    expect(text("stale-banner")).toContain("as of 20:01:49");
    expect(screen.getByTestId("shell").dataset.live).toBe("stale");
    expect(text("call-state")).toMatch(/^last seen: Incoming · 0:04$/);
    expect(screen.queryByTestId("answer-hint")).toBeNull();
    expect(text("announcer")).toBe("");
    await waitFor(() => expect(document.title).toBe("Callcenter"));
  });

  it("takes no change of state, but keeps what is typed", async () => {
    stage.put(deskOf("talking"));
    stale();
    expect(screen.getByTestId<HTMLButtonElement>("state-available").disabled).toBe(true);
    await user.keyboard("o");
    expect(sent("PUT")).toEqual([]);
    await user.type(screen.getByTestId("note-text"), "kept");
    expect(screen.getByTestId<HTMLTextAreaElement>("note-text").value).toBe("kept");
  });

  it("can be asked to try now", async () => {
    stage.put(deskOf("idle"));
    stale();
    await user.click(screen.getByTestId("reconnect"));
    expect(stage.wake).toHaveBeenCalled();
  });
});

describe("the agent's state", () => {
  it("is changed by keys, and P asks why", async () => {
    stage.put({ me: meDoc({ state: "offline" }) });
    await user.keyboard("a");
    await user.keyboard("p");
    await user.click(await screen.findByTestId("pause-lunch"));
    await waitFor(() => expect(sent("PUT")).toHaveLength(2));
    expect(sent("PUT").map((request) => request.body)).toEqual([
      { state: "available" },
      { state: "paused", reason: "lunch" },
    ]);
  });

  it("never by a key that somebody types into a field", async () => {
    stage.put(deskOf("talking"));
    await user.type(screen.getByTestId("note-text"), "a pause? no, an offer (p, o, d, 1)");
    expect(stage.requests).toEqual([]);
    expect(screen.queryByTestId("pause-menu")).toBeNull();
  });

  it("a refusal says why", async () => {
    stage.put(deskOf("talking"));
    stage.answer = () => [409, { type: "urn:callcenter:problem:not-now", detail: "You are in a call." }];
    await user.click(screen.getByTestId("state-offline"));
    await waitFor(() => expect(text("state-trouble")).toBe("You are in a call."));
  });

  it("shows the reason of a pause in the reader's language", async () => {
    stage.put({ me: meDoc({ state: "paused", reason: "lunch" }) });
    expect(text("agent-state-now")).toBe("PausedLunch");
    await act(() => i18n.changeLanguage("zh-CN"));
    expect(text("agent-state-now")).toBe("暂停午餐");
  });
});

describe("the note", () => {
  const note = () => screen.getByTestId<HTMLTextAreaElement>("note-text");

  it("is saved to the customer with the call, and says when", async () => {
    stage.put(deskOf("talking"));
    stage.answer = (_method, _path, body) => [
      201,
      { id: 9, text: (body as { text: string }).text, at: NOW, by: "李娜", call_id: CALL_ID },
    ];
    await user.type(note(), "Asked for delivery before Friday");
    expect(text("note-status")).toMatch(/^kept 20:01:/);
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(text("note-status")).toBe("saved 20:01:49"));
    expect(sent("POST")).toEqual([
      {
        method: "POST",
        path: "/customers/1/notes",
        body: { text: "Asked for delivery before Friday", call_id: CALL_ID },
      },
    ]);
    expect(note().value).toBe("");
    expect(text("timeline")).toContain("Asked for delivery before Friday");
  });

  it("stays when saving fails", async () => {
    stage.put(deskOf("talking"));
    stage.answer = () => [503, { type: "urn:callcenter:problem:unavailable" }];
    await user.type(note(), "Keep me");
    await user.click(screen.getByTestId("note-save"));
    await waitFor(() => expect(text("note-trouble")).toContain("Try again"));
    expect(note().value).toBe("Keep me");
  });

  it("is not taken away from under the hands when the next call rings", async () => {
    stage.put(deskOf("ended"));
    await user.type(note(), "still writ");
    stage.del(CALL, POP);
    stage.put({
      "call:n": callDoc({ id: "n" }),
      "pop:n": popDoc("n", { customer: recordOf({ id: 2, name: "Elena" }) }),
    });
    await user.keyboard("ing");
    expect(note().value).toBe("still writing");
    expect(text("note")).toContain("for 周建国");
    expect(text("call-name")).toBe("Elena");
    await act(async () => note().blur());
    expect(note().value).toBe("");
    expect(text("unsaved-notes")).toContain("still writing");
  });

  it("waits for a customer when nobody is known", async () => {
    stage.put(deskOf("anonymous"));
    await user.type(note(), "Wants a quote");
    expect(screen.getByTestId<HTMLButtonElement>("note-save").disabled).toBe(true);
    expect(text("note")).toContain("Say who is calling first");
  });
});

describe("other pages", () => {
  it("a ringing call is told there too", () => {
    window.history.replaceState(null, "", "/customers");
    stage.put(deskOf("idle"));
    stage.put(deskOf("ringing"));
    expect(text("incoming-strip")).toBe("周建国 is calling");
  });
});

describe("an ended call", () => {
  it("is put away by its key", async () => {
    stage.put(deskOf("ended"));
    expect(text("call-state")).toBe("Call ended");
    await user.keyboard("d");
    await waitFor(() => expect(sent("DELETE")[0]?.path).toBe(`/calls/${encodeURIComponent(CALL_ID)}/desk`));
  });
});
