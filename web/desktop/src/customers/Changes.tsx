/** Who changed what of a customer: for supervisors, who answer for it. */

import { Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ChangeEntry } from "../api/contract";
import { server } from "../api/server";
import { useFormats, useTranslation } from "../i18n";
import { useMinute } from "../live/hooks";
import { Card, Empty, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { troubleText } from "../shell/trouble";
import css from "./customers.module.css";

const ENTITIES = ["customer", "order", "ticket", "note", "quote", "product"] as const;

function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean);
}

function Entry({ entry }: { readonly entry: ChangeEntry }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useMinute();
  const known = ENTITIES.find((one) => one === entry.entity);
  const what = known === undefined ? entry.entity : t(`changes.entity.${known}`);
  return (
    <li data-testid="change" data-action={entry.action}>
      <time className={parts.dim} title={formats.moment(entry.at, now)}>
        {formats.timeOrDay(entry.at, now)}
      </time>
      <span className={css.changeText}>
        {t(`changes.${entry.action}`, { what, by: entry.by })}
        {entry.action !== "changed"
          ? null
          : Object.keys(entry.after).map((name) => (
              <span key={name} className={css.changeField} dir="auto">
                <span className={parts.dim}>{name}</span> <s>{shown(entry.before[name])}</s>{" "}
                {shown(entry.after[name])}
              </span>
            ))}
      </span>
    </li>
  );
}

export function Changes({ id }: { readonly id: number }) {
  const { t, i18n } = useTranslation();
  const found = useInfiniteQuery({
    queryKey: ["customer", id, "changes"],
    queryFn: ({ pageParam, signal }) => server.changes(id, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  const entries = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card title={t("changes.title")} testId="changes">
      {found.isPending ? <Skeleton height={40} radius={8} /> : null}
      {found.isSuccess && entries.length === 0 ? <Empty>{t("changes.none")}</Empty> : null}
      <ol className={css.changes}>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
      <Trouble>{found.isError ? troubleText(found.error, t, i18n.language) : null}</Trouble>
      {found.hasNextPage ? (
        <button
          type="button"
          className={parts.plain}
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {t("changes.more")}
        </button>
      ) : null}
    </Card>
  );
}
