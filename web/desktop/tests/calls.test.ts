import { describe, expect, it } from "vitest";
import { entryText, phoneOf, readable } from "../src/calls/entry";
import { i18n } from "../src/i18n";

const entry = (kind: string, params: Record<string, string | number> = {}) => ({
  at: 1,
  kind,
  text_key: "",
  params,
});
const say = (kind: string, params: Record<string, string | number> = {}) =>
  entryText(entry(kind, params), i18n.t);

describe("a call's journal", () => {
  it("is told in sentences", () => {
    expect(say("leg_added", { role: "outside", direction: "inbound", number: "+14155550142" })).toBe(
      "Call from +14155550142",
    );
    expect(say("leg_added", { role: "outside", direction: "inbound", number: "" })).toBe(
      "Call with a withheld number",
    );
    expect(say("offered", { endpoint: "PJSIP/1001" })).toBe("Phone 1001 rings");
    expect(say("offer_ended", { endpoint: "PJSIP/1001", how: "elsewhere" })).toContain("answered elsewhere");
    expect(say("offer_ended", { endpoint: "PJSIP/1001", how: "a later word" })).toContain("unseen");
    expect(say("gap_marked", { since: 10, until: 72 })).toContain("1:02");
    expect(say("call_identified", { confidence: "ambiguous" })).toContain("Several customers match");
  });

  it("names what a later version writes instead of hiding it", () => {
    expect(say("something_new")).toBe("something new");
  });

  it("leaves the switch's plumbing out", () => {
    expect(
      readable([entry("leg_up"), entry("offered"), entry("agent_bound")]).map(({ kind }) => kind),
    ).toEqual(["offered"]);
  });

  it("takes a phone's name out of the endpoint", () => {
    expect(phoneOf("PJSIP/1001")).toBe("1001");
    expect(phoneOf(undefined)).toBe("");
  });
});
