/** My last calls and my queues. */

import { memo } from "react";
import { Link } from "wouter";
import type { RecentEntry } from "../api/contract";
import { stopwatch } from "../format/format";
import { useFormats, useTranslation } from "../i18n";
import { useMe, useMinute, useQueues, useRecent } from "../live/hooks";
import { Card, Elapsed, Empty } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { HOW } from "../parts/status";
import { callPath } from "../shell/paths";
import css from "./desk.module.css";
import { numberText } from "./who";

function howText(entry: RecentEntry, t: ReturnType<typeof useTranslation>["t"]): string {
  const name = entry.by ?? "";
  if (entry.how === "elsewhere" && name !== "") return t("recent.elsewhereBy", { name });
  if (entry.how === "transferred" && name !== "") return t("recent.transferredTo", { name });
  const talked = entry.how === "completed" && entry.talk_seconds ? ` ${stopwatch(entry.talk_seconds)}` : "";
  return t(`recent.${entry.how}`) + talked;
}

const RecentRow = memo(function RecentRow({
  entry,
  now,
}: {
  readonly entry: RecentEntry;
  readonly now: number;
}) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [tone, Icon] = HOW[entry.how] ?? HOW.unknown;
  const number = numberText(entry.number, t);
  return (
    <li data-testid="recent-item" data-how={entry.how} data-call-id={entry.call_id}>
      <Link href={callPath(entry.call_id)} className={css.recentLink}>
        <span className={`${css.recentIcon} ${parts[tone]}`}>
          <Icon size={15} stroke={2} />
        </span>
        <span className={css.recentText}>
          <span className={css.recentName} dir="auto">
            {entry.customer?.name ?? (entry.name?.trim() || number)}
          </span>
          <span className={css.recentHow}>{howText(entry, t)}</span>
        </span>
        <time className={css.recentTime}>{formats.timeOrDay(entry.at, now)}</time>
      </Link>
    </li>
  );
});

export function Recent() {
  const { t } = useTranslation();
  const recent = useRecent();
  const now = useMinute();
  const answers = useMe() !== undefined;
  if (recent === undefined && !answers) return null;
  return (
    <Card
      title={t("recent.title")}
      testId="recent"
      aside={
        <Link href="/calls" className={parts.plain}>
          {t("recent.all")}
        </Link>
      }
    >
      {recent === undefined || recent.length === 0 ? (
        <Empty>{t("recent.empty")}</Empty>
      ) : (
        <ul className={css.recent}>
          {recent.map((entry) => (
            <RecentRow key={entry.call_id} entry={entry} now={now} />
          ))}
        </ul>
      )}
    </Card>
  );
}

export function Queues() {
  const { t } = useTranslation();
  const formats = useFormats();
  const queues = useQueues();
  const answers = useMe() !== undefined;
  if (queues === undefined && !answers) return null;
  return (
    <Card title={t("queues.title")} testId="queues">
      {queues === undefined || queues.length === 0 ? (
        <Empty>{t("queues.empty")}</Empty>
      ) : (
        <table className={parts.table}>
          <thead>
            <tr>
              <th scope="col">{t("queues.queue")}</th>
              <th scope="col" className={parts.right}>
                {t("queues.waiting")}
              </th>
              <th scope="col" className={parts.right}>
                {t("queues.longest")}
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map((queue) => (
              <tr key={queue.id} data-testid="queue-row">
                <td>{queue.name}</td>
                <td className={`${parts.right} ${queue.waiting > 0 ? parts.strong : parts.dim}`}>
                  {formats.number(queue.waiting)}
                </td>
                <td className={parts.right}>
                  {queue.longest_since === null ? "–" : <Elapsed since={queue.longest_since} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
