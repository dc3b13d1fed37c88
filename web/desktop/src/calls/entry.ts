/** A line of a call's journal as a sentence. Pure. */

import type { TFunction } from "i18next";
import type { TimelineEntry } from "../api/contract";
import { stopwatch } from "../format/format";

/** The switch's plumbing, or the second word for what another line says: of no use to a reader. */
const SILENT = new Set([
  "agent_bound",
  "agent_state_changed",
  "conversation",
  "desk_dismissed",
  "leg_identity",
  "leg_ringing",
  "leg_up",
  "offer_closed",
  "signalled",
]);

const OFFER_ENDS = [
  "answered",
  "no_answer",
  "busy",
  "declined",
  "unreachable",
  "cancelled",
  "elsewhere",
  "forwarded",
  "unknown",
] as const;

const MATCHES = ["exact", "likely", "ambiguous", "none", "anonymous", "unavailable"] as const;

function isSilent(entry: TimelineEntry): boolean {
  return SILENT.has(entry.kind);
}

/** What is worth reading, oldest first. */
export function readable(timeline: readonly TimelineEntry[]): TimelineEntry[] {
  return timeline.filter((entry) => !isSilent(entry));
}

/** `PJSIP/1001` is the phone 1001 to whoever works there. */
export function phoneOf(endpoint: unknown): string {
  return typeof endpoint === "string" ? endpoint.replace(/^[^/]*\//, "") : "";
}

/** Switches write a withheld number as a word, each its own. */
export function isWithheld(number: string): boolean {
  return /^(|anonymous|private|restricted|unavailable|unknown|withheld)$/i.test(number);
}

function word(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function legAdded(params: NonNullable<TimelineEntry["params"]>, t: TFunction): string {
  const number = word(params.number);
  const phone = phoneOf(params.endpoint);
  const dialled = word(params.dialled);
  if (params.role === "outside") {
    if (params.direction === "outbound") return t("entry.outsideCalled", { number });
    return isWithheld(number) ? t("entry.arrivesHidden") : t("entry.arrives", { number });
  }
  return dialled === "" ? t("entry.device", { phone }) : t("entry.deviceCalls", { phone, number: dialled });
}

/** `queueName` turns a queue's id into its name. */
export function entryText(entry: TimelineEntry, t: TFunction, queueName = (queue: string) => queue): string {
  const params = entry.params ?? {};
  const phone = phoneOf(params.endpoint);
  const queue = queueName(word(params.queue));
  switch (entry.kind) {
    case "leg_added":
      return legAdded(params, t);
    case "offered":
      return t("entry.rings", { phone });
    case "offer_ended":
      return t(`entry.${OFFER_ENDS.find((how) => how === params.how) ?? "unknown"}`, { phone });
    case "hold_started":
      return t("entry.held");
    case "hold_ended":
      return t("entry.resumed");
    case "queue_joined":
    case "entered_queue":
      return t("entry.queued", { queue });
    case "queue_exited":
    case "left_queue":
      return t("entry.unqueued", { queue });
    case "transferred":
      return word(params.to) === ""
        ? t("entry.transferred")
        : t("entry.transferredTo", { to: phoneOf(params.to) });
    case "picked_up":
      return t("entry.pickedUp", { phone });
    case "calls_merged":
    case "merged_into":
      return t("entry.merged");
    case "leg_ended":
      return t("entry.ended");
    case "gap_marked":
    case "switch_gap":
      return t("entry.gap", { time: stopwatch(Number(params.until) - Number(params.since)) });
    case "call_identified": {
      const found = MATCHES.find((one) => one === params.confidence) ?? "none";
      return t("entry.identified", { match: t(`match.${found}`) });
    }
    case "customer_chosen":
      return t("entry.chosen");
    case "note_added":
      return t("entry.note");
    case "offer_made":
      return t("entry.offer");
    default:
      return t("entry.other", { kind: entry.kind.replaceAll("_", " ") });
  }
}
