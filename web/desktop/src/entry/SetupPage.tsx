/** The first start: make the administrator, then be signed in as that person. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Problem } from "../api/http";
import { server } from "../api/server";
import { useTranslation } from "../i18n";
import { Trouble } from "../parts/parts";
import { troubleText } from "../shell/trouble";
import { Entrance } from "./Entrance";
import css from "./entry.module.css";

const FIELDS = ["name", "login", "password", "repeat"] as const;
type Field = (typeof FIELDS)[number];

export function SetupPage({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const { t, i18n } = useTranslation();
  const [values, setValues] = useState<Readonly<Record<Field, string>>>({
    name: "",
    login: "",
    password: "",
    repeat: "",
  });
  const [tried, setTried] = useState(false);
  const create = useMutation({
    mutationFn: async () => {
      const login = values.login.trim();
      await server.setUp(login, values.password, values.name.trim());
      await server.signIn(login, values.password);
    },
    onSuccess: onSignedIn,
  });
  const differ = values.password !== values.repeat;
  const complete = FIELDS.every((field) => values[field].trim() !== "") && !differ;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (complete) create.mutate();
  };
  const errorOf = (field: Field): string | null => {
    if (tried && values[field].trim() === "") return t("signIn.required");
    if (tried && field === "repeat" && differ) return t("setup.mismatch");
    const said =
      create.error instanceof Problem ? create.error.fields.find((one) => one.field === field) : undefined;
    return said?.message ?? null;
  };
  const bind = (field: Field) => ({
    label: t(`setup.${field}`),
    value: values[field],
    error: errorOf(field),
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      const { value } = event.currentTarget;
      setValues((now) => ({ ...now, [field]: value }));
    },
    "data-testid": `setup-${field}`,
  });
  return (
    <Entrance>
      <div className={css.panel}>
        <h1>{t("setup.title")}</h1>
        <p>{t("setup.hint")}</p>
        <form onSubmit={submit} className={css.form} noValidate data-testid="setup">
          <TextInput {...bind("name")} autoComplete="name" autoFocus />
          <TextInput {...bind("login")} autoComplete="username" autoCapitalize="none" spellCheck={false} />
          <PasswordInput
            {...bind("password")}
            description={t("setup.passwordHint")}
            autoComplete="new-password"
          />
          <PasswordInput {...bind("repeat")} autoComplete="new-password" />
          <Button type="submit" size="md" fullWidth loading={create.isPending} data-testid="setup-submit">
            {t("setup.submit")}
          </Button>
        </form>
        <Trouble testId="setup-trouble">
          {create.isError ? troubleText(create.error, t, i18n.language) : null}
        </Trouble>
      </div>
    </Entrance>
  );
}
