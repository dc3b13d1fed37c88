import { beforeEach, describe, expect, it, vi } from "vitest";
import { Http, Problem, Unreachable } from "../../src/api/http";

const asked: { path: string; init: RequestInit }[] = [];
let answers: (() => Response | Promise<Response>)[] = [];
let http: Http;

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

beforeEach(() => {
  asked.length = 0;
  answers = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("network");
    return answer();
  });
  http = new Http();
  http.csrf = "one";
});

const header = (index: number, name: string) =>
  (asked[index]?.init.headers as Headers | undefined)?.get(name) ?? null;

describe("requests", () => {
  it("carry the token only where something is changed", async () => {
    answers = [() => json({}), () => new Response(null, { status: 204 })];
    await http.get("/customers");
    expect(await http.command("DELETE", "/session")).toBeUndefined();
    expect(header(0, "X-CSRF-Token")).toBeNull();
    expect(header(1, "X-CSRF-Token")).toBe("one");
  });

  it("a refused token is renewed once, and the command sent again", async () => {
    answers = [
      () => json({ type: "urn:callcenter:problem:csrf" }, 403),
      () => json({ csrf: "two" }),
      () => json({ ok: true }),
    ];
    expect(await http.command("PUT", "/me/state", { state: "available" })).toEqual({ ok: true });
    expect(asked.map(({ path }) => path)).toEqual([
      "/api/v1/me/state",
      "/api/v1/session",
      "/api/v1/me/state",
    ]);
    expect(header(2, "X-CSRF-Token")).toBe("two");
  });

  it("a refusal with the same token is a refusal", async () => {
    answers = [() => json({ type: "urn:callcenter:problem:not-allowed" }, 403), () => json({ csrf: "one" })];
    await expect(http.command("PUT", "/me/state")).rejects.toMatchObject({
      status: 403,
      kind: "not-allowed",
    });
  });

  it("a lost session is told, except where one just asks for it", async () => {
    http.onSignedOut = vi.fn();
    answers = [() => json({}, 401), () => json({}, 401)];
    await expect(http.get("/session")).rejects.toBeInstanceOf(Problem);
    expect(http.onSignedOut).not.toHaveBeenCalled();
    await expect(http.get("/calls")).rejects.toBeInstanceOf(Problem);
    expect(http.onSignedOut).toHaveBeenCalledOnce();
  });

  it("read problem documents, also strange ones", async () => {
    answers = [
      () =>
        json(
          {
            type: "urn:callcenter:problem:too-many-tries",
            detail: "Wait.",
            errors: [{ field: "a", message: "b" }, 5],
          },
          429,
          { "Retry-After": "7" },
        ),
      () => new Response("<html>", { status: 502 }),
      () => json(null, 500),
    ];
    const first = await http.get("/x").catch((error: unknown) => error);
    expect(first).toMatchObject({ kind: "too-many-tries", detail: "Wait.", retryAfter: 7 });
    expect((first as Problem).fields[0]).toEqual({ field: "a", message: "b" });
    await expect(http.get("/x")).rejects.toMatchObject({ status: 502, kind: "" });
    await expect(http.get("/x")).rejects.toMatchObject({ status: 500, retryAfter: null });
  });

  it("no answer is no problem document", async () => {
    await expect(http.get("/x")).rejects.toBeInstanceOf(Unreachable);
    expect(asked[0]?.init.signal).toBeInstanceOf(AbortSignal);
  });
});
