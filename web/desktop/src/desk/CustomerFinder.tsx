/** Find a customer and tie the call to them. */

import { Button, Loader, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CustomerCard } from "../api/contract";
import { server } from "../api/server";
import { useTranslation } from "../i18n";
import { Empty, KeyHint, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { SegmentChip } from "../parts/status";
import { troubleText } from "../shell/trouble";
import css from "./desk.module.css";

/** A glance's worth: whoever is not among these needs another letter. */
const SHOWN = 6;
/** Shorter than the pause between two keystrokes of a quick typist, longer than one. */
export const TYPING_MS = 120;

export function useChoose(callId: string) {
  return useMutation({ mutationFn: (customerId: number) => server.chooseCustomer(callId, customerId) });
}

interface RowsProps {
  readonly customers: readonly CustomerCard[];
  readonly pending: number | null;
  /** Show the number key of each row. */
  readonly keyed?: boolean;
  readonly onChoose: (id: number) => void;
}

export function CustomerChoices({ customers, pending, keyed = false, onChoose }: RowsProps) {
  const { t } = useTranslation();
  return (
    <ul className={css.choices}>
      {customers.map((customer, index) => (
        <li key={customer.id} data-testid="candidate" data-customer-id={customer.id}>
          {keyed && index < 9 ? <KeyHint>{String(index + 1)}</KeyHint> : null}
          <span className={css.choiceText}>
            <span className={css.choiceName} dir="auto">
              {customer.name}
              {customer.segment ? <SegmentChip segment={customer.segment} /> : null}
            </span>
            <span className={parts.dim}>
              {[customer.number, customer.company, customer.city].filter(Boolean).join(" · ")}
            </span>
          </span>
          <Button
            variant="light"
            size="xs"
            loading={pending === customer.id}
            onClick={() => onChoose(customer.id)}
            aria-label={`${t("pop.choose")}: ${customer.name}, ${customer.number}`}
            aria-keyshortcuts={keyed && index < 9 ? String(index + 1) : undefined}
          >
            {t("pop.choose")}
          </Button>
        </li>
      ))}
    </ul>
  );
}

export function CustomerFinder({
  callId,
  autoFocus = false,
}: {
  readonly callId: string;
  readonly autoFocus?: boolean;
}) {
  const { t, i18n } = useTranslation();
  const [typed, setTyped] = useState("");
  const [settled] = useDebouncedValue(typed.trim(), TYPING_MS);
  const choose = useChoose(callId);
  const hits = useQuery({
    queryKey: ["customers", settled, SHOWN],
    queryFn: ({ signal }) => server.customers(settled, SHOWN, signal),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
  });
  const trouble = choose.error ?? hits.error;
  return (
    <div>
      <TextInput
        label={t("pop.find")}
        placeholder={t("pop.findPlaceholder")}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        leftSection={<IconSearch size={16} />}
        rightSection={hits.isFetching ? <Loader size={14} /> : null}
        data-autofocus={autoFocus || undefined}
        data-testid="find-customer"
      />
      {settled === "" || hits.data === undefined ? null : hits.data.items.length === 0 ? (
        <Empty>{t("pop.noHit")}</Empty>
      ) : (
        <CustomerChoices
          customers={hits.data.items}
          pending={choose.isPending ? choose.variables : null}
          onChoose={(id) => choose.mutate(id)}
        />
      )}
      <Trouble>{trouble === null ? null : troubleText(trouble, t, i18n.language)}</Trouble>
    </div>
  );
}
