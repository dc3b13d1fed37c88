/** The right of the desk: who the caller is to become, the note, and the demo's button. */

import { Button, Select } from "@mantine/core";
import { IconPhoneRinging, IconUserPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { CallDoc } from "../api/contract";
import { type DemoKind, server } from "../api/server";
import { NewCustomer } from "../customers/NewCustomer";
import { useSession } from "../entry/session";
import { useTranslation } from "../i18n";
import { useMe, usePop } from "../live/hooks";
import { Card, Empty, KeyHint, Trouble } from "../parts/parts";
import { useShortcut } from "../shell/shortcuts";
import { troubleText } from "../shell/trouble";
import css from "./desk.module.css";

/** For callers who are nobody yet. Open at once for an unknown number; one click away beside a chooser. */
export function QuickCreate({ call }: { readonly call: CallDoc }) {
  const { t } = useTranslation();
  const pop = usePop(call.id);
  const [asked, setAsked] = useState(false);
  const nameField = useRef<HTMLInputElement>(null);
  const confidence = pop?.match.confidence;
  const offered = pop?.customer === null && confidence !== "unavailable" && confidence !== undefined;
  const open = offered && (asked || confidence === "none" || confidence === "anonymous");
  useShortcut(
    "c",
    () => {
      setAsked(true);
      nameField.current?.focus();
    },
    offered,
  );
  if (!offered) return null;
  if (!open) {
    return (
      <Button
        variant="default"
        fullWidth
        leftSection={<IconUserPlus size={16} />}
        rightSection={<KeyHint>C</KeyHint>}
        onClick={() => setAsked(true)}
        data-testid="quick-create-open"
        className={css.still}
      >
        {t("create.open")}
      </Button>
    );
  }
  const suggested = call.caller_name?.trim();
  return (
    <Card title={t("create.title")} aside={<KeyHint>C</KeyHint>}>
      <NewCustomer
        key={call.id}
        callId={call.id}
        number={call.number}
        nameField={nameField}
        {...(suggested ? { suggestedName: suggested } : {})}
      />
    </Card>
  );
}

const KINDS: readonly DemoKind[] = ["known", "unknown", "ambiguous", "anonymous"];

export function useSimulate() {
  return useMutation({ mutationFn: (kind?: DemoKind) => server.simulate(kind) });
}

export function Demo() {
  const { t, i18n } = useTranslation();
  const { demo } = useSession();
  const me = useMe();
  const simulate = useSimulate();
  const [kind, setKind] = useState<DemoKind | "any">("any");
  if (!demo) return null;
  const away = me !== undefined && (me.state === "offline" || me.state === "paused");
  return (
    <Card title={t("demo.title")} testId="demo">
      <Empty>{away ? t("demo.notAvailable") : t("demo.hint")}</Empty>
      <div className={css.demo}>
        <Select
          aria-label={t("demo.kind")}
          data={[
            { value: "any", label: t("demo.any") },
            ...KINDS.map((one) => ({ value: one, label: t(`demo.${one}`) })),
          ]}
          value={kind}
          onChange={(value) => setKind((value ?? "any") as DemoKind | "any")}
          allowDeselect={false}
          data-testid="demo-kind"
        />
        <Button
          variant="light"
          leftSection={<IconPhoneRinging size={17} />}
          loading={simulate.isPending}
          onClick={() => simulate.mutate(kind === "any" ? undefined : kind)}
          data-testid="simulate-call"
        >
          {t("demo.simulate")}
        </Button>
      </div>
      {simulate.isSuccess ? <Empty>{t("demo.started")}</Empty> : null}
      <Trouble>{simulate.isError ? troubleText(simulate.error, t, i18n.language) : null}</Trouble>
    </Card>
  );
}
