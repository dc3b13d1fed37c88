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

/** The customer's name; else what the line said; else the number. */
export function whoCalls(call: CallDoc, pop: PopDoc | undefined, t: TFunction): string {
  if (pop?.customer) return pop.customer.name;
  const said = call.caller_name?.trim() ?? "";
  return said === "" ? numberText(call.number, t) : said;
}
