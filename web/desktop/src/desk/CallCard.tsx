/** One call on the desk: who, from where, how it stands and for how long. */

import { Button } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDeviceLandlinePhone,
  IconHeadset,
  IconPhoneCalling,
  IconPhoneOff,
  IconPhonePause,
  IconTicket,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { memo, type ReactNode } from "react";
import type { CallDoc, PopDoc } from "../api/contract";
import { server } from "../api/server";
import { stopwatch } from "../format/format";
import { useTranslation } from "../i18n";
import { useLink, useMe, usePop, useQueueName } from "../live/hooks";
import { usePaintMark } from "../live/paint";
import { Chip, Elapsed, type IconType, KeyHint, type Tone, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { MatchChip, SegmentChip } from "../parts/status";
import { useShortcut } from "../shell/shortcuts";
import { troubleText } from "../shell/trouble";
import css from "./desk.module.css";
import { urgentCounts } from "./timeline";
import { type Caller, callerOf, numberText, othersWith } from "./who";

const LOOK: Readonly<Record<CallDoc["state"], readonly [Tone, IconType]>> = {
  ringing: ["accent", IconPhoneCalling],
  talking: ["good", IconHeadset],
  held: ["warn", IconPhonePause],
  ended: ["calm", IconPhoneOff],
};

const ENDED = {
  completed: "call.endedCompleted",
  transferred: "call.endedTransferred",
  unknown: "call.endedUnknown",
} as const;
const DIRECTION = { inbound: "call.incoming", outbound: "call.outgoing", internal: "call.internal" } as const;

function StateChip({ call, live }: { readonly call: CallDoc; readonly live: boolean }) {
  const { t } = useTranslation();
  const [tone, icon] = LOOK[call.state];
  let word: string = t(`call.${call.state}`);
  if (call.state === "ringing") word = t(DIRECTION[call.direction]);
  if (call.state === "ended") word = t(ENDED[call.how ?? "unknown"]);
  const since = call.state === "ringing" ? call.ringing_at : call.answered_at;
  return (
    <Chip tone={live ? tone : "calm"} icon={icon} testId="call-state">
      {live || call.state === "ended" ? word : t("call.was", { state: word })}
      {call.state === "ended" || since === null ? null : (
        <>
          {" · "}
          <Elapsed since={since} />
        </>
      )}
    </Chip>
  );
}

function Waited({ call }: { readonly call: CallDoc }) {
  const { t } = useTranslation();
  if (call.direction !== "inbound") return null;
  const until = call.answered_at ?? call.ended_at;
  const label = t(until === null ? "call.waiting" : "call.waited", { time: "\u0000" });
  const [before, after] = label.split("\u0000");
  return (
    <span className={css.waited} data-testid="call-wait">
      {before}
      <b>{until === null ? <Elapsed since={call.arrived_at} /> : stopwatch(until - call.arrived_at)}</b>
      {after}
    </span>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{label}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}

interface FactsProps {
  readonly call: CallDoc;
  readonly pop: PopDoc | undefined;
  readonly caller: Caller;
}

function Facts({ call, pop, caller }: FactsProps) {
  const { t } = useTranslation();
  const queueName = useQueueName();
  // The switch's word for the line differs from the record: shown, because it may be somebody else calling.
  const said = call.caller_name?.trim() ?? "";
  const line = pop?.customer && said !== "" && said !== caller.name && said !== caller.company ? said : null;
  const others = call.state === "ringing" ? [] : othersWith(call, caller);
  if (!call.queue && !call.dialled && line === null && others.length === 0) return null;
  return (
    <dl className={css.facts}>
      {line === null ? null : <Fact label={t("calls.from")}>{line}</Fact>}
      {call.queue ? <Fact label={t("call.via")}>{queueName(call.queue)}</Fact> : null}
      {call.dialled ? <Fact label={t("call.dialled")}>{call.dialled}</Fact> : null}
      {others.length > 0 ? <Fact label={t("call.with")}>{others.join(", ")}</Fact> : null}
    </dl>
  );
}

function Urgent({ pop }: { readonly pop: PopDoc | undefined }) {
  const { t } = useTranslation();
  if (!pop?.customer) return null;
  const { late, open } = urgentCounts(pop.customer);
  if (late + open === 0) return null;
  return (
    <div className={css.chips}>
      {late === 0 ? null : (
        <Chip tone="bad" icon={IconAlertTriangle} testId="call-late-orders">
          {t("call.lateOrders", { count: late })}
        </Chip>
      )}
      {open === 0 ? null : (
        <Chip tone="warn" icon={IconTicket} testId="call-open-tickets">
          {t("call.openTickets", { count: open })}
        </Chip>
      )}
    </div>
  );
}

function PutAway({ call }: { readonly call: CallDoc }) {
  const { t, i18n } = useTranslation();
  const away = useMutation({ mutationFn: () => server.putAway(call.id) });
  useShortcut("d", () => away.mutate());
  const talked =
    call.answered_at !== null && call.ended_at !== null ? call.ended_at - call.answered_at : null;
  return (
    <>
      <div className={css.cardFoot}>
        <span className={parts.dim}>
          {talked === null ? null : t("call.talkTime", { time: stopwatch(talked) })}
        </span>
        <Button
          variant="default"
          size="xs"
          loading={away.isPending}
          onClick={() => away.mutate()}
          aria-keyshortcuts="D"
          data-testid="put-away"
          rightSection={<KeyHint>D</KeyHint>}
        >
          {t("call.putAway")}
        </Button>
      </div>
      <Trouble>{away.isError ? troubleText(away.error, t, i18n.language) : null}</Trouble>
    </>
  );
}

interface CallCardProps {
  readonly call: CallDoc;
  readonly shown: boolean;
  /** More than one call is here: the card can be clicked to show that call. */
  readonly choosable: boolean;
  readonly onShow: (id: string) => void;
}

export const CallCard = memo(function CallCard({ call, shown, choosable, onShow }: CallCardProps) {
  const { t } = useTranslation();
  const pop = usePop(call.id);
  const extension = useMe()?.extension ?? null;
  const live = useLink().phase === "live";
  const caller = callerOf(call, pop, t);
  const who = caller.name;
  const number = numberText(call.number, t);
  const ringing = call.state === "ringing" && live;
  const several = pop?.match.confidence === "ambiguous";
  usePaintMark(`ring:${call.id}`, call.state);
  usePaintMark(pop === undefined ? null : `pop:${call.id}`, pop?.match.confidence);
  return (
    <article
      className={`${css.call} ${shown ? css.shown : ""} ${ringing ? css.ringing : ""}`}
      aria-label={who}
      data-testid="call-card"
      data-call-id={call.id}
      data-state={call.state}
    >
      <div className={css.callTop}>
        <StateChip call={call} live={live} />
        <Waited call={call} />
      </div>
      <h2 className={css.who} data-testid="call-name" dir="auto">
        {choosable && !shown ? (
          <button type="button" className={css.whoButton} onClick={() => onShow(call.id)}>
            {who}
          </button>
        ) : (
          who
        )}
      </h2>
      {caller.company === null ? null : (
        <div className={css.company} data-testid="call-company" dir="auto">
          {caller.company}
        </div>
      )}
      <div className={css.number} data-testid="call-number">
        {who !== number
          ? number
          : call.number.kind === "anonymous"
            ? null
            : t(several ? "call.severalMatches" : "call.unknownCaller")}
      </div>
      <div className={css.chips}>
        {pop?.customer?.segment ? <SegmentChip segment={pop.customer.segment} /> : null}
        {pop === undefined ? (
          <span className={parts.dim}>{t("match.looking")}</span>
        ) : (
          <MatchChip confidence={pop.match.confidence} />
        )}
      </div>
      <Facts call={call} pop={pop} caller={caller} />
      <Urgent pop={pop} />
      {call.gap ? (
        <p className={parts.missing} role="note" data-testid="call-gap">
          <IconAlertTriangle size={16} />
          <span>{t("call.gap")}</span>
        </p>
      ) : null}
      {ringing && call.direction === "inbound" ? (
        <p className={css.answer} data-testid="answer-hint">
          <IconDeviceLandlinePhone size={18} />
          {extension === null ? t("call.answerPhone") : t("call.answerOn", { extension })}
        </p>
      ) : null}
      {call.state === "ended" ? <PutAway call={call} /> : null}
    </article>
  );
});
