/** Add a customer with the least that is needed: a name. From a call, the number is already there. */

import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useState } from "react";
import type { CustomerCard, PhoneNumber } from "../api/contract";
import { Problem } from "../api/http";
import { server } from "../api/server";
import { LANGUAGES, languageOf, useTranslation } from "../i18n";
import { Trouble } from "../parts/parts";
import { troubleText } from "../shell/trouble";
import css from "./customers.module.css";

interface NewCustomerProps {
  readonly callId?: string;
  readonly number?: PhoneNumber;
  readonly suggestedName?: string;
  readonly nameField?: RefObject<HTMLInputElement | null>;
  readonly onCreated?: (customer: CustomerCard) => void;
  readonly onCancel?: () => void;
}

function dialable(number: PhoneNumber | undefined): string {
  if (number === undefined || number.kind === "anonymous") return "";
  return number.e164 ?? number.raw;
}

/** The server's word on one field; `numbers.0` belongs to the number. */
function fieldError(error: unknown, field: string): string | null {
  if (!(error instanceof Problem)) return null;
  return (
    error.fields.find((one) => one.field === field || one.field.startsWith(`${field}.`))?.message ?? null
  );
}

export function NewCustomer({
  callId,
  number,
  suggestedName,
  nameField,
  onCreated,
  onCancel,
}: NewCustomerProps) {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  // Untouched fields follow the call: the switch may learn number and name after it began to ring.
  const [typedName, setName] = useState<string | null>(null);
  const name = typedName ?? suggestedName ?? "";
  const [company, setCompany] = useState("");
  const [language, setLanguage] = useState<string>(languageOf(i18n.language));
  const [typedPhone, setPhone] = useState<string | null>(null);
  const phone = typedPhone ?? dialable(number);
  const [tried, setTried] = useState(false);
  const create = useMutation({
    mutationFn: server.createCustomer,
    onSuccess: (customer) => {
      void queries.invalidateQueries({ queryKey: ["customers"] });
      onCreated?.(customer);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "") return;
    create.mutate({
      name: name.trim(),
      language,
      numbers: phone.trim() === "" ? [] : [phone.trim()],
      ...(company.trim() === "" ? {} : { company: company.trim() }),
      ...(callId === undefined ? {} : { call_id: callId }),
    });
  };
  const nameError = tried && name.trim() === "" ? t("create.required") : fieldError(create.error, "name");
  return (
    <form onSubmit={submit} className={css.form} data-testid="quick-create" noValidate>
      <TextInput
        ref={nameField}
        label={t("create.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={nameError}
        required
        autoComplete="off"
        data-testid="create-name"
      />
      <TextInput
        label={t("create.company")}
        value={company}
        onChange={(event) => setCompany(event.currentTarget.value)}
        error={fieldError(create.error, "company")}
        autoComplete="off"
        data-testid="create-company"
      />
      <TextInput
        label={t("create.number")}
        description={callId !== undefined && phone !== "" ? t("create.numberHint") : undefined}
        value={phone}
        onChange={(event) => setPhone(event.currentTarget.value)}
        error={fieldError(create.error, "numbers")}
        autoComplete="off"
        inputMode="tel"
        data-testid="create-number"
      />
      <Select
        label={t("create.language")}
        data={LANGUAGES.map(({ id, name: label }) => ({ value: id, label }))}
        value={language}
        onChange={(value) => setLanguage(value ?? language)}
        allowDeselect={false}
        data-testid="create-language"
      />
      <div className={css.formFoot}>
        {onCancel === undefined ? null : (
          <Button variant="default" onClick={onCancel}>
            {t("create.cancel")}
          </Button>
        )}
        <Button type="submit" loading={create.isPending} data-testid="create-submit">
          {callId === undefined ? t("create.submit") : t("create.submitCall")}
        </Button>
      </div>
      <Trouble testId="create-trouble">
        {create.isError ? troubleText(create.error, t, i18n.language) : null}
      </Trouble>
    </form>
  );
}
