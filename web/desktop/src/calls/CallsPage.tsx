/** The calls there were: my own, or everybody's for a supervisor; one of them in detail. */

import { Drawer, Skeleton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowDownLeft,
  IconArrowsLeftRight,
  IconArrowUpRight,
} from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useSearchParams } from "wouter";
import type { CallDetail, CallLeg, CallRow, Direction, TimelineEntry } from "../api/contract";
import { server } from "../api/server";
import customers from "../customers/customers.module.css";
import { numberText } from "../desk/who";
import { useSession } from "../entry/session";
import { stopwatch } from "../format/format";
import { useFormats, useTranslation } from "../i18n";
import { useMinute, useQueueName, useRecent } from "../live/hooks";
import { Card, Empty, type IconType, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { OutcomeChip } from "../parts/status";
import { callPath, customerPath } from "../shell/paths";
import { troubleText } from "../shell/trouble";
import css from "./calls.module.css";
import { entryText, isWithheld, phoneOf, readable } from "./entry";

const LIMIT = 100;
/** A supervisor's list has no document on the socket: asked again this often while it is looked at. */
const REFRESH_MS = 10_000;

const ARROW: Readonly<Record<Direction, IconType>> = {
  inbound: IconArrowDownLeft,
  outbound: IconArrowUpRight,
  internal: IconArrowsLeftRight,
};

function DirectionMark({ direction }: { readonly direction: Direction }) {
  const { t } = useTranslation();
  const Icon = ARROW[direction] ?? IconArrowsLeftRight;
  const label = t(`calls.${direction}`);
  return (
    <span role="img" aria-label={label} title={label} className={css.direction}>
      <Icon size={16} stroke={2} />
    </span>
  );
}

function GapMark() {
  const { t } = useTranslation();
  return (
    <span role="img" aria-label={t("calls.gap")} title={t("calls.gap")} className={css.gap}>
      <IconAlertTriangle size={15} stroke={2} />
    </span>
  );
}

function seconds(value: number | null): string {
  return value === null || value === 0 ? "–" : stopwatch(value);
}

function callerOf(call: CallRow, t: ReturnType<typeof useTranslation>["t"]): string {
  return call.customer?.name ?? (call.caller_name?.trim() || numberText(call.number, t));
}

/** How it ended; while it lasts, how it stands. */
function Outcome({ call }: { readonly call: CallRow }) {
  return <OutcomeChip outcome={call.ended_at === null ? call.state : (call.outcome ?? "unknown")} />;
}

function Row({ call, now }: { readonly call: CallRow; readonly now: number }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [, setParams] = useSearchParams();
  const queueName = useQueueName();
  const who = callerOf(call, t);
  const number = numberText(call.number, t);
  return (
    <tr
      className={customers.row}
      data-testid="call-row"
      data-call-id={call.id}
      onClick={() => setParams({ call: call.id })}
    >
      <td className={`${parts.nowrap} ${parts.dim}`}>{formats.moment(call.arrived_at, now)}</td>
      <td>
        <DirectionMark direction={call.direction} />
        <Link href={callPath(call.id)} onClick={(event) => event.stopPropagation()}>
          <bdi>{who}</bdi>
        </Link>
        {who === number ? null : <span className={css.callNumber}>{number}</span>}
        {call.gap ? <GapMark /> : null}
      </td>
      <td>{call.queue === null ? null : queueName(call.queue)}</td>
      <td>{call.agent}</td>
      <td>
        <Outcome call={call} />
      </td>
      <td className={parts.right}>{seconds(call.wait_seconds)}</td>
      <td className={parts.right}>{seconds(call.talk_seconds)}</td>
      <td className={parts.right}>{seconds(call.hold_seconds)}</td>
    </tr>
  );
}

function total(intervals: CallLeg["talk"]): number {
  return intervals.reduce((sum, [from, until]) => sum + until - from, 0);
}

/** The caller's number as it is written elsewhere on the page. */
function partyNumber(call: CallDetail, leg: CallLeg): string {
  const { number } = call;
  const same = typeof number === "object" && (leg.number === number.e164 || leg.number === number.raw);
  if (isWithheld(leg.number)) return "";
  return same ? number.display || leg.number : leg.number;
}

function Parties({ call }: { readonly call: CallDetail }) {
  const { t } = useTranslation();
  const { legs } = call;
  if (legs.length === 0) return null;
  return (
    <section className={css.part} aria-label={t("party.title")}>
      <h3 className={parts.cardTitle}>{t("party.title")}</h3>
      <ul className={css.parties} data-testid="call-parties">
        {legs.map((leg) => (
          <li key={leg.leg}>
            <span dir="auto">
              {leg.agent ??
                (leg.role === "outside"
                  ? partyNumber(call, leg) || t("party.outside")
                  : phoneOf(leg.endpoint))}
            </span>
            <span className={parts.dim}>
              {leg.talk.length === 0 ? null : t("party.talked", { time: stopwatch(total(leg.talk)) })}
              {leg.hold.length === 0 ? null : ` · ${t("party.held", { time: stopwatch(total(leg.hold)) })}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Journal({ timeline }: { readonly timeline: readonly TimelineEntry[] }) {
  const { t } = useTranslation();
  const queueName = useQueueName();
  const formats = useFormats();
  return (
    <section className={css.part} aria-label={t("calls.timeline")}>
      <h3 className={parts.cardTitle}>{t("calls.timeline")}</h3>
      {timeline.length === 0 ? <Empty>{t("calls.noTimeline")}</Empty> : null}
      <ol className={css.entries} data-testid="call-timeline">
        {timeline.map((entry, index) => (
          // A call's journal only grows at its end
          <li key={index}>
            <time>{formats.timeSeconds(entry.at)}</time>
            <span dir="auto">{entryText(entry, t, queueName)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Detail({ id }: { readonly id: string }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const now = useMinute();
  const queueName = useQueueName();
  const found = useQuery({ queryKey: ["call", id], queryFn: ({ signal }) => server.call(id, signal) });
  if (found.isError) return <Trouble>{troubleText(found.error, t, i18n.language)}</Trouble>;
  const call = found.data;
  if (call === undefined) return <Skeleton height={120} radius={10} />;
  const facts = [
    [t("calls.when"), formats.moment(call.arrived_at, now)],
    [t("calls.from"), numberText(call.number, t)],
    [t("calls.queue"), call.queue === null ? null : queueName(call.queue)],
    [t("calls.agent"), call.agent],
    [t("calls.waited"), seconds(call.wait_seconds)],
    [t("calls.talked"), seconds(call.talk_seconds)],
    [t("calls.held"), seconds(call.hold_seconds)],
  ] as const;
  return (
    <div data-testid="call-detail">
      <div className={css.detailHead}>
        <h2 dir="auto">{callerOf(call, t)}</h2>
        <Outcome call={call} />
      </div>
      {call.gap ? (
        <p className={parts.missing} role="note">
          <IconAlertTriangle size={16} />
          <span>{t("call.gap")}</span>
        </p>
      ) : null}
      <dl className={css.facts}>
        {facts.map(([label, value]) =>
          value === null || value === "" ? null : (
            <div key={label}>
              <dt>{label}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ),
        )}
        {call.customer === null ? null : (
          <div>
            <dt>{t("calls.customer")}</dt>
            <dd>
              <Link href={customerPath(call.customer.id)}>
                {call.customer.name} · {call.customer.number}
              </Link>
            </dd>
          </div>
        )}
      </dl>
      <Parties call={call} />
      <Journal timeline={readable(call.timeline)} />
    </div>
  );
}

export default function CallsPage() {
  const { t, i18n } = useTranslation();
  const { user } = useSession();
  const now = useMinute();
  const recent = useRecent();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const open = params.get("call");
  const everybody = user.role !== "agent";
  const list = useQuery({
    queryKey: ["calls", LIMIT],
    queryFn: ({ signal }) => server.calls(LIMIT, signal),
    refetchInterval: everybody ? REFRESH_MS : false,
  });
  // A change of my last calls is the reason to ask again
  useEffect(() => void queries.invalidateQueries({ queryKey: ["calls"] }), [recent, queries]);
  const rows = list.data?.items;
  return (
    <div className={customers.page} data-testid="calls-page">
      <div className={customers.head}>
        <h1>{t("calls.title")}</h1>
        <p>{everybody ? t("calls.everybody") : t("calls.mine")}</p>
      </div>
      <Card>
        {rows === undefined ? null : rows.length === 0 ? (
          <Empty>
            {t("calls.none")} {t("calls.noneHint")}
          </Empty>
        ) : (
          <table className={parts.table} data-testid="calls-table">
            <thead>
              <tr>
                <th scope="col">{t("calls.when")}</th>
                <th scope="col">{t("calls.caller")}</th>
                <th scope="col">{t("calls.queue")}</th>
                <th scope="col">{t("calls.agent")}</th>
                <th scope="col">{t("calls.outcome")}</th>
                <th scope="col" className={parts.right}>
                  {t("calls.waited")}
                </th>
                <th scope="col" className={parts.right}>
                  {t("calls.talked")}
                </th>
                <th scope="col" className={parts.right}>
                  {t("calls.held")}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((call) => (
                <Row key={call.id} call={call} now={now} />
              ))}
            </tbody>
          </table>
        )}
        <Trouble>{list.isError ? troubleText(list.error, t, i18n.language) : null}</Trouble>
      </Card>
      <Drawer
        opened={open !== null}
        onClose={() => setParams({})}
        position="right"
        size={440}
        title={t("calls.detail")}
        closeButtonProps={{ "aria-label": t("calls.close") }}
      >
        {open === null ? null : <Detail key={open} id={open} />}
      </Drawer>
    </div>
  );
}
