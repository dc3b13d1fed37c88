/** What to call the party of a call, as far as it is known. Pure. */

import type { TFunction } from "i18next";
import type { CallDoc, PhoneNumber, PopDoc } from "../api/contract";

/** The number as people write it, or why there is none. */
export function numberText(number: PhoneNumber | string | null, t: TFunction): string {
  if (number === null) return t("call.anonymous");
  if (typeof number === "string") return number === "" ? t("call.anonymous") : number;
  if (number.kind === "anonymous") return t("call.anonymous");
  return number.display || number.raw || t("call.malformed");
}

export interface Caller {
  readonly name: string;
  /** Where they belong, if that is somebody else than the name. */
  readonly company: string | null;
}

/** The person the number belongs to (a company's contact has a name of their own); else what the line said; else
 *  the number. */
export function callerOf(call: CallDoc, pop: PopDoc | undefined, t: TFunction): Caller {
  const customer = pop?.customer;
  if (customer) {
    const card = pop.match.candidates.find((one) => one.id === customer.id);
    const name = card?.name ?? customer.name;
    const company = card?.company ?? customer.company ?? customer.name;
    return { name, company: company === name ? null : company };
  }
  const said = call.caller_name?.trim() ?? "";
  return { name: said === "" ? numberText(call.number, t) : said, company: null };
}

/** In one line: the person and, where it says more, the company. */
export function whoCalls(call: CallDoc, pop: PopDoc | undefined, t: TFunction): string {
  const { name, company } = callerOf(call, pop, t);
  return company === null ? name : `${name}, ${company}`;
}

/** The others on the line: not the caller, who is on the card already. */
export function othersWith(call: CallDoc, caller: Caller): string[] {
  const { raw, e164, display } = call.number;
  const same = new Set([caller.name, call.caller_name, raw, e164, display, ""]);
  return call.with
    .filter((party) => party.kind === "agent" || !same.has(party.name))
    .map((party) => party.name);
}
