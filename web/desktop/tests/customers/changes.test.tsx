import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { ChangeEntry, Role } from "../../src/api/contract";
import CustomerPage from "../../src/customers/CustomerPage";
import { i18n } from "../../src/i18n";
import { pageOf } from "../fixtures";
import { SESSION, type Stage, stageDesk } from "../desk/stage";

const ID = 7;

function entryOf(id: number, entry: Partial<ChangeEntry> = {}): ChangeEntry {
  return {
    id,
    at: 1,
    by: "Ada Root",
    entity: "customer",
    entity_id: ID,
    action: "created",
    before: {},
    after: {},
    ...entry,
  };
}

function open(role: Role, pages: Record<string, unknown>, status = 200): Stage {
  const base = `/customers/${ID}`;
  return stageDesk(<CustomerPage id={ID} />, { user: { ...SESSION.user, role } }, (_, path) => {
    if (path === base) return [200, pageOf({ id: ID })];
    return path.startsWith(`${base}/changes`) ? [status, pages[path.slice(base.length)] ?? {}] : [200, {}];
  });
}

const asked = (stage: Stage) => stage.requests.filter(({ path }) => path.includes("/changes"));

describe("who changed what of a customer", () => {
  it("is shown to a supervisor, field by field, page by page", async () => {
    const changed = entryOf(9, {
      action: "changed",
      before: { city: null, name: "Ann" },
      after: { city: "Bath", name: "<b>Anne</b>" },
    });
    const stage = open("supervisor", {
      "/changes?limit=20": { items: [changed], next: "OQ" },
      "/changes?limit=20&cursor=OQ": { items: [entryOf(3, { entity: "note" })], next: null },
    });
    const [first] = await screen.findAllByTestId("change");
    expect(first?.textContent).toContain("Ada Root changed the customer");
    expect(first?.textContent).toContain("city – Bath");
    expect(first?.textContent).toContain("name Ann <b>Anne</b>");
    fireEvent.click(screen.getByText(i18n.t("changes.more")));
    await screen.findByText("Ada Root created the note");
    expect(screen.queryByText(i18n.t("changes.more"))).toBeNull();
    expect(asked(stage)).toHaveLength(2);
  });

  it("is not asked for by an agent, who may not see it", async () => {
    const stage = open("agent", {});
    await screen.findByTestId("numbers");
    expect(screen.queryByTestId("changes")).toBeNull();
    expect(asked(stage)).toHaveLength(0);
  });

  it("says when there is none", async () => {
    open("admin", { "/changes?limit=20": { items: [], next: null } });
    await screen.findByText(i18n.t("changes.none"));
  });

  it("never shows what could not be loaded as none", async () => {
    open("admin", {}, 503);
    const card = await screen.findByTestId("changes");
    await screen.findByRole("alert");
    expect(card.textContent).not.toContain(i18n.t("changes.none"));
  });
});
