/** What stands behind a customer: header, orders, tickets, timeline. Used on the desk and on the record's page. */

import { IconCheckbox, IconNote, IconPackage, IconPhone, IconPhoneX, IconTicket } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { memo, type ReactNode, useMemo, useState } from "react";
import { Link } from "wouter";
import type { CallRow, CustomerRecord, Order, Ticket } from "../api/contract";
import { stopwatch } from "../format/format";
import { useFormats, useTranslation } from "../i18n";
import { useMinute, useQueueName } from "../live/hooks";
import { Card, Empty, Missing } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { OrderChip, PriorityMark, SegmentChip, TicketChip } from "../parts/status";
import { callPath } from "../shell/paths";
import css from "./desk.module.css";
import { useSavedNotes } from "./saved";
import { buildTimeline, ordersByUrgency, type TimelineItem, ticketsByUrgency } from "./timeline";

/** Rows before "and n more": what a glance takes in while the phone rings. */
const GLANCE = 5;
const GLANCE_TIMELINE = 12;

interface HeaderProps {
  readonly record: CustomerRecord;
  readonly actions?: ReactNode;
}

export function CustomerHeader({ record, actions }: HeaderProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const since =
    record.since === null
      ? null
      : t("customer.since", {
          year: typeof record.since === "number" ? formats.year(record.since) : record.since,
        });
  const facts = [
    record.number,
    record.company,
    record.city,
    since,
    record.owner === null ? null : t("customer.owner", { name: record.owner }),
  ];
  return (
    <section className={css.header} data-testid="customer-header" data-customer-id={record.id}>
      <div className={css.headerMain}>
        <h1 className={css.headerName} data-testid="customer-name" dir="auto">
          {record.name}
        </h1>
        {record.segment ? <SegmentChip segment={record.segment} /> : null}
        <p className={css.headerFacts}>
          <span>
            {facts.filter(Boolean).map((fact) => (
              <span key={fact}>{fact}</span>
            ))}
          </span>
        </p>
      </div>
      {record.value_12m === null ? null : (
        <div className={css.headerValue}>
          <span>{t("customer.value")}</span>
          <strong>{formats.money(record.value_12m)}</strong>
        </div>
      )}
      {actions === undefined ? null : <div className={css.headerActions}>{actions}</div>}
    </section>
  );
}

function More({ hidden, onMore }: { readonly hidden: number; readonly onMore: () => void }) {
  const { t } = useTranslation();
  return hidden <= 0 ? null : (
    <button type="button" className={parts.plain} onClick={onMore}>
      {t("customer.moreOrders", { count: hidden })}
    </button>
  );
}

interface ListProps {
  /** The list could not be loaded: said, and never shown as "none". */
  readonly missing: boolean;
}

export const Orders = memo(function Orders({
  orders,
  missing,
}: ListProps & { readonly orders: readonly Order[] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useMinute();
  const [all, setAll] = useState(false);
  const rows = ordersByUrgency(orders);
  return (
    <Card title={t("customer.orders")} testId="orders">
      {missing ? <Missing /> : rows.length === 0 ? <Empty>{t("customer.noOrders")}</Empty> : null}
      {rows.length === 0 ? null : (
        <table className={parts.table}>
          <thead>
            <tr>
              <th scope="col">{t("customer.order")}</th>
              <th scope="col">{t("customer.status")}</th>
              <th scope="col" className={parts.right}>
                {t("customer.amount")}
              </th>
              <th scope="col" className={parts.right}>
                {t("customer.date")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, all ? undefined : GLANCE).map((order) => (
              <tr
                key={order.id}
                data-testid="order-row"
                title={order.lines.map((l) => `${l.quantity} × ${l.title}`).join("\n")}
              >
                <td className={`${parts.nowrap} ${order.status === "late" ? parts.strong : ""}`}>
                  {order.number}
                </td>
                <td>
                  <OrderChip status={order.status} />
                </td>
                <td className={`${parts.right} ${parts.nowrap}`}>{formats.money(order.total)}</td>
                <td className={`${parts.right} ${parts.nowrap} ${parts.dim}`}>
                  {formats.day(order.placed_at, now)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {all ? null : <More hidden={rows.length - GLANCE} onMore={() => setAll(true)} />}
    </Card>
  );
});

function Due({ ticket, now }: { readonly ticket: Ticket; readonly now: number }) {
  const formats = useFormats();
  const settled = ticket.status === "solved" || ticket.status === "closed";
  if (ticket.due_at === null || settled) return <span className={parts.dim}>–</span>;
  const late = ticket.due_at < now;
  return <span className={late ? css.overdue : undefined}>{formats.relative(ticket.due_at, now)}</span>;
}

export const Tickets = memo(function Tickets({
  tickets,
  missing,
}: ListProps & { readonly tickets: readonly Ticket[] }) {
  const { t } = useTranslation();
  const now = useMinute();
  const [all, setAll] = useState(false);
  const rows = ticketsByUrgency(tickets);
  return (
    <Card title={t("customer.tickets")} testId="tickets">
      {missing ? <Missing /> : rows.length === 0 ? <Empty>{t("customer.noTickets")}</Empty> : null}
      {rows.length === 0 ? null : (
        <table className={parts.table}>
          <thead>
            <tr>
              <th scope="col">{t("customer.ticket")}</th>
              <th scope="col">{t("customer.status")}</th>
              <th scope="col" className={parts.right}>
                {t("customer.due")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, all ? undefined : GLANCE).map((ticket) => (
              <tr key={ticket.id} data-testid="ticket-row">
                <td className={css.subject}>
                  <span className={parts.strong}>{ticket.number}</span>{" "}
                  <PriorityMark priority={ticket.priority} />
                  <span className={css.subjectText} title={ticket.subject} dir="auto">
                    {ticket.subject}
                  </span>
                </td>
                <td>
                  <TicketChip status={ticket.status} />
                </td>
                <td className={`${parts.right} ${parts.nowrap}`}>
                  <Due ticket={ticket} now={now} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {all ? null : <More hidden={rows.length - GLANCE} onMore={() => setAll(true)} />}
    </Card>
  );
});

function callSentence(call: CallRow, t: TFunction): string {
  switch (call.outcome) {
    case "answered":
    case "completed":
    case "transferred": {
      const time = stopwatch(call.talk_seconds ?? 0);
      return call.agent
        ? t("event.callAnswered", { agent: call.agent, time })
        : t("event.callTalked", { time });
    }
    case "abandoned":
      return t("event.callAbandoned", { time: stopwatch(call.wait_seconds ?? 0) });
    case "open":
      return t("event.callOpen");
    case "unknown":
      return t("event.callUnknown");
    default:
      return t("event.callMissed");
  }
}

function TimelineText({ item }: { readonly item: TimelineItem }) {
  const { t } = useTranslation();
  const queueName = useQueueName();
  const formats = useFormats();
  switch (item.kind) {
    case "order":
      return <>{t("event.order", { number: item.order.number, amount: formats.money(item.order.total) })}</>;
    case "ticket":
      return <>{t("event.ticket", { number: item.ticket.number, subject: item.ticket.subject })}</>;
    case "note":
      return (
        <>
          <span className={css.noteText} dir="auto">
            {item.note.text}
          </span>
          <span className={parts.dim}>{t("event.note", { by: item.note.by })}</span>
        </>
      );
    case "call":
      return (
        <>
          <Link href={callPath(item.call.id)} className={css.quietLink}>
            {callSentence(item.call, t)}
          </Link>
          {item.call.queue ? <span className={parts.dim}> · {queueName(item.call.queue)}</span> : null}
        </>
      );
  }
}

function itemIcon(item: TimelineItem) {
  if (item.kind === "order") return IconPackage;
  if (item.kind === "note") return IconNote;
  if (item.kind === "ticket") return item.ticket.status === "closed" ? IconCheckbox : IconTicket;
  return item.call.answered_at === null ? IconPhoneX : IconPhone;
}

interface TimelineProps extends ListProps {
  readonly record: CustomerRecord | null;
  readonly calls: readonly CallRow[];
  readonly currentCall?: string;
  readonly title?: string;
}

export const Timeline = memo(function Timeline({
  record,
  calls,
  currentCall,
  missing,
  title,
}: TimelineProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useMinute();
  const saved = useSavedNotes(record?.id ?? null);
  const [all, setAll] = useState(false);
  const items = useMemo(
    () => buildTimeline(record, calls, saved, currentCall ?? null),
    [record, calls, saved, currentCall],
  );
  return (
    <Card title={title ?? t("customer.timeline")} testId="timeline" className={css.grow}>
      {missing ? <Missing /> : items.length === 0 ? <Empty>{t("customer.noTimeline")}</Empty> : null}
      <ol className={css.timeline}>
        {items.slice(0, all ? undefined : GLANCE_TIMELINE).map((item) => {
          const Icon = itemIcon(item);
          return (
            <li key={item.id} data-testid="timeline-item" data-kind={item.kind}>
              <time className={css.timelineDay} title={formats.moment(item.at, now)}>
                {formats.timeOrDay(item.at, now)}
              </time>
              <span className={css.timelineIcon}>
                <Icon size={16} stroke={1.8} />
              </span>
              <span className={css.timelineText}>
                <TimelineText item={item} />
              </span>
            </li>
          );
        })}
      </ol>
      {all ? null : <More hidden={items.length - GLANCE_TIMELINE} onMore={() => setAll(true)} />}
    </Card>
  );
});
