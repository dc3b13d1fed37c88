/** Sign in by login and password; in the demo also as one of its people, by one click. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconUserCircle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { SampleSignIn, Setup } from "../api/contract";
import { Problem } from "../api/http";
import { server } from "../api/server";
import { useTranslation } from "../i18n";
import { Trouble } from "../parts/parts";
import { troubleText } from "../shell/trouble";
import { Entrance } from "./Entrance";
import css from "./entry.module.css";

interface SignInProps {
  readonly setup: Setup;
  /** The session ended under somebody's hands. */
  readonly ended: boolean;
  readonly onSignedIn: () => void;
}

interface PeopleProps {
  readonly people: readonly SampleSignIn[];
  readonly onChoose: (person: SampleSignIn) => void;
}

function People({ people, onChoose }: PeopleProps) {
  const { t } = useTranslation();
  if (people.length === 0) return null;
  return (
    <section className={css.demo} data-testid="demo-sign-ins">
      <h2>{t("signIn.demo")}</h2>
      <p>{t("signIn.demoHint")}</p>
      <div className={css.people}>
        {people.map((person) => (
          <button
            key={person.login}
            type="button"
            className={css.person}
            onClick={() => onChoose(person)}
            data-testid={`demo-sign-in-${person.login}`}
          >
            <IconUserCircle size={20} stroke={1.6} />
            <span>{person.name}</span>
            <span>{t(`role.${person.role}`)}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

export function SignIn({ setup, ended, onSignedIn }: SignInProps) {
  const { t, i18n } = useTranslation();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const enter = useMutation({
    mutationFn: (who: { login: string; password: string }) => server.signIn(who.login, who.password),
    onSuccess: onSignedIn,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (login.trim() !== "" && password !== "") enter.mutate({ login: login.trim(), password });
  };
  const { error } = enter;
  let trouble: string | null = null;
  if (error instanceof Problem && error.status === 429 && error.retryAfter !== null) {
    trouble = t("signIn.tooMany", { count: error.retryAfter });
  } else if (error instanceof Problem && error.status === 401) trouble = t("signIn.wrong");
  else if (error !== null) trouble = troubleText(error, t, i18n.language);
  return (
    <Entrance>
      {ended ? (
        <p className={css.ended} role="status">
          {t("signIn.ended")}
        </p>
      ) : null}
      <div className={css.panel}>
        <h1>{t("signIn.title")}</h1>
        <form onSubmit={submit} className={css.form} noValidate data-testid="sign-in">
          <TextInput
            label={t("signIn.login")}
            value={login}
            onChange={(event) => setLogin(event.currentTarget.value)}
            error={tried && login.trim() === "" ? t("signIn.required") : null}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            data-testid="sign-in-login"
          />
          <PasswordInput
            label={t("signIn.password")}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={tried && password === "" ? t("signIn.required") : null}
            autoComplete="current-password"
            data-testid="sign-in-password"
          />
          <Button type="submit" size="md" fullWidth loading={enter.isPending} data-testid="sign-in-submit">
            {t("signIn.submit")}
          </Button>
        </form>
        <Trouble testId="sign-in-trouble">{trouble}</Trouble>
        <People people={setup.sign_ins ?? []} onChoose={(person) => enter.mutate(person)} />
      </div>
    </Entrance>
  );
}
