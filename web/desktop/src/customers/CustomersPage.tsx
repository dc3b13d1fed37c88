/** Find a customer; with nothing typed, who was changed last. */

import { Button, Loader, Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconUserPlus } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import type { CustomerCard } from "../api/contract";
import { server } from "../api/server";
import { TYPING_MS } from "../desk/CustomerFinder";
import { LANGUAGES, languageOf, useTranslation } from "../i18n";
import { Card, Empty, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { SegmentChip } from "../parts/status";
import { customerPath } from "../shell/paths";
import { troubleText } from "../shell/trouble";
import css from "./customers.module.css";
import { NewCustomer } from "./NewCustomer";

/** One screenful and a half; whoever is further down is found by typing. */
const LIMIT = 50;

function languageName(tag: string): string {
  return LANGUAGES.find(({ id }) => id === languageOf(tag))?.name ?? tag;
}

function Rows({ customers }: { readonly customers: readonly CustomerCard[] }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  return (
    <table className={parts.table} data-testid="customers-table">
      <thead>
        <tr>
          <th scope="col">{t("customers.name")}</th>
          <th scope="col">{t("customers.number")}</th>
          <th scope="col">{t("customers.company")}</th>
          <th scope="col">{t("customers.segment")}</th>
          <th scope="col">{t("customers.city")}</th>
          <th scope="col">{t("customers.language")}</th>
        </tr>
      </thead>
      <tbody>
        {customers.map((customer) => (
          <tr
            key={customer.id}
            className={css.row}
            onClick={() => go(customerPath(customer.id))}
            data-testid="customer-row"
          >
            <td dir="auto">
              <Link href={customerPath(customer.id)} onClick={(event) => event.stopPropagation()}>
                {customer.name}
              </Link>
            </td>
            <td className={parts.nowrap}>{customer.number}</td>
            <td dir="auto">{customer.company}</td>
            <td>{customer.segment ? <SegmentChip segment={customer.segment} /> : null}</td>
            <td>{customer.city}</td>
            <td className={parts.dim}>{languageName(customer.language)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export default function CustomersPage() {
  const { t, i18n } = useTranslation();
  const [, go] = useLocation();
  const [params, setParams] = useSearchParams();
  const typed = params.get("q") ?? "";
  const [settled] = useDebouncedValue(typed.trim(), TYPING_MS);
  const [adding, setAdding] = useState(false);
  const hits = useQuery({
    queryKey: ["customers", settled, LIMIT],
    queryFn: ({ signal }) => server.customers(settled, LIMIT, signal),
    placeholderData: keepPreviousData,
  });
  const type = (q: string) => setParams(q === "" ? {} : { q }, { replace: true });
  const rows = hits.data?.items;
  let count: string | null = null;
  if (rows !== undefined && rows.length > 0) {
    if (settled === "") count = t("customers.recent");
    else
      count =
        rows.length < LIMIT
          ? t("customers.hits", { count: rows.length })
          : t("customers.first", { count: LIMIT });
  }
  return (
    <div className={css.page} data-testid="customers-page">
      <div className={css.head}>
        <h1>{t("customers.title")}</h1>
        <Button
          leftSection={<IconUserPlus size={17} />}
          variant="default"
          onClick={() => setAdding(true)}
          data-testid="add-customer"
        >
          {t("customers.add")}
        </Button>
      </div>
      <TextInput
        className={css.search}
        size="md"
        placeholder={t("customers.search")}
        aria-label={t("customers.search")}
        leftSection={<IconSearch size={18} />}
        rightSection={hits.isFetching ? <Loader size={16} /> : null}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        autoFocus
        data-testid="customers-search"
      />
      <Card>
        <p className={css.count} role="status">
          {count}
        </p>
        {rows === undefined ? null : rows.length > 0 ? (
          <Rows customers={rows} />
        ) : (
          <Empty>{settled === "" ? t("customers.none") : t("customers.empty", { q: settled })}</Empty>
        )}
        <Trouble>{hits.isError ? troubleText(hits.error, t, i18n.language) : null}</Trouble>
      </Card>
      <Modal
        opened={adding}
        onClose={() => setAdding(false)}
        title={t("create.title")}
        closeButtonProps={{ "aria-label": t("create.cancel") }}
      >
        <NewCustomer
          onCreated={(customer) => go(customerPath(customer.id))}
          onCancel={() => setAdding(false)}
        />
      </Modal>
    </div>
  );
}
