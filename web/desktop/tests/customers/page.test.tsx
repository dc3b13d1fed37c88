import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { CustomerPage as Page } from "../../src/api/contract";
import CustomerPage from "../../src/customers/CustomerPage";
import { i18n } from "../../src/i18n";
import { deskOf, pageOf, rowOf } from "../fixtures";
import { type Stage, stageDesk } from "../desk/stage";

const ID = 7;
let answer: Page;

function open(page: Page): Stage {
  answer = page;
  return stageDesk(<CustomerPage id={ID} />, {}, (_, path) => [
    200,
    path === `/customers/${ID}` ? answer : {},
  ]);
}

const kinds = () => screen.getAllByTestId("timeline-item").map((item) => item.dataset.kind);
const calls = () => screen.getAllByTestId("timeline-item").filter((item) => item.dataset.kind === "call");
const asked = (stage: Stage) => stage.requests.filter(({ path }) => path === `/customers/${ID}`).length;

describe("a customer's page", () => {
  it("has the last calls among the rest, in order, and each leads to its call", async () => {
    const missed = rowOf({ id: "pbx:2", outcome: "abandoned", agent: null, wait_seconds: 74, arrived_at: 2 });
    open(
      pageOf({ orders: [], tickets: [], notes: [], calls: [missed, rowOf({ id: "pbx:1", arrived_at: 1 })] }),
    );
    await screen.findAllByTestId("timeline-item");
    expect(kinds()).toEqual(["call", "call"]);
    expect(calls().map((item) => item.querySelector("a")?.textContent)).toEqual([
      "Call given up after 1:14",
      "Call answered by Ma Lin, 4:12",
    ]);
    expect(calls()[0]?.querySelector("a")?.getAttribute("href")).toBe("/calls?call=pbx%3A2");
  });

  it("names the queue of a call, also one that I do not serve", async () => {
    open(pageOf({ orders: [], tickets: [], notes: [], calls: [rowOf({ queue: "returns" })] }));
    await screen.findAllByTestId("timeline-item");
    expect(calls()[0]?.textContent).toContain("Returns and complaints");
  });

  it("says so in Chinese", async () => {
    await i18n.changeLanguage("zh-CN");
    open(pageOf({ orders: [], tickets: [], notes: [], calls: [rowOf()] }));
    await screen.findAllByTestId("timeline-item");
    expect(calls()[0]?.textContent).toContain("Ma Lin");
    expect(calls()[0]?.textContent).not.toContain("answered");
    await i18n.changeLanguage("en");
  });

  it("never shows calls that could not be loaded as none", async () => {
    open(pageOf({ orders: [], tickets: [], notes: [], missing: ["calls"] }));
    const timeline = await screen.findByTestId("timeline");
    expect(timeline.textContent).not.toContain(i18n.t("customer.noTimeline"));
    expect(timeline.textContent).toContain(i18n.t("customer.missing"));
  });

  it("asks again when a call of mine ends, and only then", async () => {
    const stage = open(pageOf({ calls: [] }));
    await screen.findByTestId("timeline");
    expect(asked(stage)).toBe(1);
    answer = pageOf({ orders: [], tickets: [], notes: [], calls: [rowOf()] });
    stage.put({ recent: deskOf("idle").recent });
    await waitFor(() => expect(kinds()).toEqual(["call"]));
    expect(asked(stage)).toBe(2);
  });
});
