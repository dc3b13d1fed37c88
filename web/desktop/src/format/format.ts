/** Dates, numbers, money and durations as the reader's locale writes them. Pure but for the browser's locale data. */

import type { Money } from "../api/contract";

export type Language = "en" | "zh-CN";

/** English without a region is the browser's own English; clocks and dates differ between them. */
export function intlLocale(language: string, preferred: readonly string[]): string {
  if (language.startsWith("zh")) return "zh-CN";
  return preferred.find((tag) => /^en(-|$)/i.test(tag)) ?? "en-GB";
}

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;

/** Writes everything for one locale and time zone. Times come as UTC seconds. */
export class Formats {
  readonly #time: Intl.DateTimeFormat;
  readonly #timeSeconds: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayYear: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #integer: Intl.NumberFormat;
  readonly #year: Intl.DateTimeFormat;
  readonly #money = new Map<string, Intl.NumberFormat>();

  constructor(
    readonly locale: string,
    readonly timeZone?: string,
  ) {
    const zone = timeZone === undefined ? {} : { timeZone };
    this.#time = new Intl.DateTimeFormat(locale, { ...TIME, ...zone });
    this.#timeSeconds = new Intl.DateTimeFormat(locale, { ...TIME, second: "2-digit", ...zone });
    this.#day = new Intl.DateTimeFormat(locale, { ...DAY, ...zone });
    this.#dayYear = new Intl.DateTimeFormat(locale, { ...DAY, year: "numeric", ...zone });
    this.#year = new Intl.DateTimeFormat("en", { year: "numeric", ...zone });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" });
    this.#integer = new Intl.NumberFormat(locale);
  }

  /** 14:02 */
  time(at: number): string {
    return this.#time.format(at * 1000);
  }

  /** 14:02:10 */
  timeSeconds(at: number): string {
    return this.#timeSeconds.format(at * 1000);
  }

  /** 4 Nov, with the year where it is not this one. */
  day(at: number, now: number): string {
    return (this.year(at) === this.year(now) ? this.#day : this.#dayYear).format(at * 1000);
  }

  /** 14:02 today, else the day. */
  timeOrDay(at: number, now: number): string {
    return this.#dayYear.format(at * 1000) === this.#dayYear.format(now * 1000)
      ? this.time(at)
      : this.day(at, now);
  }

  /** The day and the time. */
  moment(at: number, now: number): string {
    return `${this.day(at, now)} ${this.time(at)}`;
  }

  year(at: number): string {
    return this.#year.format(at * 1000);
  }

  number(value: number): string {
    return this.#integer.format(value);
  }

  /** An exact decimal with its currency; never through a binary fraction. An unknown currency is written out. */
  money({ amount, currency }: Money): string {
    try {
      let format = this.#money.get(currency);
      if (format === undefined) {
        format = new Intl.NumberFormat(this.locale, {
          style: "currency",
          currency,
          currencyDisplay: "narrowSymbol",
        });
        this.#money.set(currency, format);
      }
      return format.format(amount as `${number}`);
    } catch {
      return `${amount} ${currency}`;
    }
  }

  /** "in 3 hours", "yesterday": how far `at` lies from `now`. */
  relative(at: number, now: number): string {
    const seconds = at - now;
    const size = Math.abs(seconds);
    if (size >= DAY_SECONDS) return this.#relative.format(Math.trunc(seconds / DAY_SECONDS), "day");
    if (size >= HOUR_SECONDS) return this.#relative.format(Math.trunc(seconds / HOUR_SECONDS), "hour");
    return this.#relative.format(Math.trunc(seconds / 60), "minute");
  }
}

/** Seconds as a stopwatch: 0:04, 12:30, 1:02:03. Never negative: two clocks differ by a little. */
export function stopwatch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / HOUR_SECONDS);
  const minutes = Math.floor((whole % HOUR_SECONDS) / 60);
  const rest = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
