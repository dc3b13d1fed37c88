/** One customer's whole record. */

import { Skeleton } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import type { CustomerNumber, CustomerRecord } from "../api/contract";
import { server } from "../api/server";
import desk from "../desk/desk.module.css";
import { NoteEditor } from "../desk/NoteCard";
import { CustomerHeader, Orders, Tickets, Timeline } from "../desk/Record";
import { useSession } from "../entry/session";
import { useTranslation } from "../i18n";
import { useRecent } from "../live/hooks";
import { Card, Empty, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { troubleText } from "../shell/trouble";
import { Changes } from "./Changes";
import css from "./customers.module.css";

function Numbers({ numbers }: { readonly numbers: readonly CustomerNumber[] }) {
  return (
    <ul className={css.numbers}>
      {numbers.map((number) => (
        <li key={`${number.raw}:${number.label}`}>
          <span>{number.display || number.raw}</span>
          <span className={parts.dim}>{number.label}</span>
        </li>
      ))}
    </ul>
  );
}

function Side({ record }: { readonly record: CustomerRecord }) {
  const { t } = useTranslation();
  const name = record.name;
  return (
    <div className={css.recordSide}>
      <Card title={t("note.add")}>
        <NoteEditor subject={{ key: `customer:${record.id}`, callId: null, customerId: record.id, name }} />
      </Card>
      <Card title={t("customer.numbers")} testId="numbers">
        {record.numbers.length === 0 ? (
          <Empty>{t("customer.noNumbers")}</Empty>
        ) : (
          <Numbers numbers={record.numbers} />
        )}
        {record.email === null ? null : (
          <p className={parts.clip} style={{ margin: "6px 0 0" }} title={record.email}>
            <span className={parts.dim}>{t("customer.email")}</span> {record.email}
          </p>
        )}
      </Card>
      <Card title={t("customer.contacts")} testId="contacts">
        {record.contacts.length === 0 ? <Empty>{t("customer.noContacts")}</Empty> : null}
        {record.contacts.map((contact) => (
          <div key={contact.id} className={css.contact}>
            <strong dir="auto">{contact.name}</strong> <span className={parts.dim}>{contact.role}</span>
            <Numbers numbers={contact.numbers} />
          </div>
        ))}
      </Card>
    </div>
  );
}

export default function CustomerPage({ id }: { readonly id: number }) {
  const { t, i18n } = useTranslation();
  const { user } = useSession();
  const found = useQuery({
    queryKey: ["customer", id],
    queryFn: ({ signal }) => server.customer(id, signal),
  });
  // A change of my last calls may be a call of this customer
  const recent = useRecent();
  const queries = useQueryClient();
  const seen = useRef(recent);
  useEffect(() => {
    if (seen.current === recent) return;
    seen.current = recent;
    void queries.invalidateQueries({ queryKey: ["customer", id] });
  }, [recent, queries, id]);
  const record = found.data;
  return (
    <div className={css.page} data-testid="customer-page">
      <Link href="/customers" className={css.back}>
        <IconArrowLeft size={16} />
        {t("customers.back")}
      </Link>
      {record === undefined ? (
        found.isError ? (
          <Card>
            <Trouble>{troubleText(found.error, t, i18n.language)}</Trouble>
          </Card>
        ) : (
          <Skeleton height={72} radius={10} />
        )
      ) : (
        <div className={css.record}>
          <div className={css.recordMain}>
            <CustomerHeader record={record} />
            <div className={desk.pair}>
              <Orders orders={record.orders} missing={false} />
              <Tickets tickets={record.tickets} missing={false} />
            </div>
            <Timeline record={record} calls={record.calls} missing={record.missing.includes("calls")} />
            {user.role === "agent" ? null : <Changes id={record.id} />}
          </div>
          <Side record={record} />
        </div>
      )}
    </div>
  );
}
