import { describe, expect, it } from "vitest";
import { Formats, intlLocale, stopwatch } from "../src/format/format";

const NOON = 1_795_262_400; // 2026-11-21 12:00:00 UTC
const english = new Formats("en-GB", "UTC");
const chinese = new Formats("zh-CN", "UTC");

describe("a stopwatch", () => {
  it.each([
    [0, "0:00"],
    [4.9, "0:04"],
    [72, "1:12"],
    [3_599, "59:59"],
    [3_723, "1:02:03"],
    [-0.4, "0:00"],
  ])("%s s is %s", (seconds, text) => expect(stopwatch(seconds)).toBe(text));
});

describe("dates and money", () => {
  it("follow the locale", () => {
    expect(english.day(NOON, NOON)).toBe("21 Nov");
    expect(chinese.day(NOON, NOON)).toBe("11月21日");
    expect(english.day(NOON - 400 * 86_400, NOON)).toBe("17 Oct 2025");
    expect(english.timeSeconds(NOON)).toBe("12:00:00");
    expect(english.timeOrDay(NOON - 60, NOON)).toBe("11:59");
    expect(english.timeOrDay(NOON - 86_400, NOON)).toBe("20 Nov");
    expect(chinese.money({ amount: "48920.00", currency: "CNY" })).toBe("¥48,920.00");
    expect(english.money({ amount: "3290.50", currency: "EUR" })).toBe("€3,290.50");
    expect(english.money({ amount: "120", currency: "JPY" })).toBe("¥120");
  });

  it("keep an amount exact that a binary fraction cannot hold", () => {
    expect(english.money({ amount: "90071992547409.93", currency: "EUR" })).toBe("€90,071,992,547,409.93");
  });

  it("write an unknown currency out", () => {
    expect(english.money({ amount: "5.00", currency: "points" })).toBe("5.00 points");
  });

  it("say how far away a time is", () => {
    expect(english.relative(NOON - 21 * 3_600, NOON)).toMatch(/^21 ?hr? ago$/);
    expect(chinese.relative(NOON - 21 * 3_600, NOON)).toBe("21小时前");
    expect(english.relative(NOON + 2 * 86_400, NOON)).toMatch(/^in 2 ?d/);
  });

  it("take the reader's own English", () => {
    expect(intlLocale("en", ["de", "en-US"])).toBe("en-US");
    expect(intlLocale("en", ["de"])).toBe("en-GB");
    expect(intlLocale("zh-CN", ["en-US"])).toBe("zh-CN");
  });
});
