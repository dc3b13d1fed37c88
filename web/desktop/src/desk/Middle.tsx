/** The middle of the desk: the customer behind the call, or what must be asked to find out. */

import { Button, Popover, Skeleton } from "@mantine/core";
import {
  IconCircleCheck,
  IconDatabaseOff,
  IconEyeOff,
  IconHeadset,
  IconPhoneCall,
  IconPlayerPause,
  IconPower,
  IconUserQuestion,
  IconUsers,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { CallDoc, PopDoc } from "../api/contract";
import { useTranslation } from "../i18n";
import { useLink, useMe, usePop } from "../live/hooks";
import { Boundary, Card, type IconType, KeyHint, PartFailed, Trouble } from "../parts/parts";
import { customerPath } from "../shell/paths";
import { useShortcut } from "../shell/shortcuts";
import { troubleText } from "../shell/trouble";
import { useReasonName, useSetState } from "./AgentState";
import { CustomerChoices, CustomerFinder, useChoose } from "./CustomerFinder";
import css from "./desk.module.css";
import { CustomerHeader, Orders, Tickets, Timeline } from "./Record";
import { numberText } from "./who";

interface HeadingProps {
  readonly icon: IconType;
  readonly title: string;
  readonly hint: string;
  readonly children?: ReactNode;
}

function Heading({ icon: Icon, title, hint, children }: HeadingProps) {
  return (
    <div className={css.heading}>
      <span className={css.headingIcon}>
        <Icon size={24} stroke={1.7} />
      </span>
      <div>
        <h1>{title}</h1>
        <p>{hint}</p>
        {children}
      </div>
    </div>
  );
}

function ChangeCustomer({ callId }: { readonly callId: string }) {
  const { t } = useTranslation();
  return (
    <Popover width={380} position="bottom-end" shadow="md" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" title={t("customer.changeHint")} data-testid="change-customer">
          {t("customer.change")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <CustomerFinder callId={callId} autoFocus />
      </Popover.Dropdown>
    </Popover>
  );
}

function Known({ call, pop }: { readonly call: CallDoc; readonly pop: PopDoc }) {
  const { t } = useTranslation();
  const record = pop.customer;
  if (record === null) return null;
  const missing = (part: string) => pop.missing.includes(part) || pop.missing.includes("database");
  return (
    <>
      <CustomerHeader
        record={record}
        actions={
          <>
            <ChangeCustomer callId={call.id} />
            <Button component={Link} href={customerPath(record.id)} variant="default" size="xs">
              {t("customer.open")}
            </Button>
          </>
        }
      />
      <div className={css.pair}>
        <Orders orders={record.orders} missing={missing("orders")} />
        <Tickets tickets={record.tickets} missing={missing("tickets")} />
      </div>
      <Timeline
        record={record}
        calls={pop.calls}
        currentCall={call.id}
        missing={missing("calls") || missing("notes") || missing("timeline")}
      />
    </>
  );
}

function Chooser({ call, pop }: { readonly call: CallDoc; readonly pop: PopDoc }) {
  const { t, i18n } = useTranslation();
  const choose = useChoose(call.id);
  const { candidates } = pop.match;
  return (
    <Card testId="chooser">
      <Heading icon={IconUsers} title={t("pop.ambiguousTitle")} hint={t("pop.ambiguousHint")} />
      <CustomerChoices
        customers={candidates}
        keyed
        pending={choose.isPending ? choose.variables : null}
        onChoose={(id) => choose.mutate(id)}
      />
      {candidates.slice(0, 9).map((customer, index) => (
        <ChoiceKey key={customer.id} hotkey={String(index + 1)} run={() => choose.mutate(customer.id)} />
      ))}
      <Trouble>{choose.isError ? troubleText(choose.error, t, i18n.language) : null}</Trouble>
      <div className={css.finder}>
        <CustomerFinder callId={call.id} />
      </div>
    </Card>
  );
}

function ChoiceKey({ hotkey, run }: { readonly hotkey: string; readonly run: () => void }) {
  useShortcut(hotkey, run);
  return null;
}

const NAMED = ["database", "customer", "orders", "tickets", "notes", "calls"] as const;

function Unavailable({ pop }: { readonly pop: PopDoc }) {
  const { t } = useTranslation();
  const missing = pop.missing.length === 0 ? ["database"] : pop.missing;
  const words = missing.map((part) => t(`pop.missing.${NAMED.find((name) => name === part) ?? "other"}`));
  return (
    <Card testId="unavailable">
      <Heading icon={IconDatabaseOff} title={t("pop.unavailableTitle")} hint={t("pop.unavailableHint")}>
        <ul className={css.missingList}>
          {[...new Set(words)].map((word) => (
            <li key={word}>{word}</li>
          ))}
        </ul>
      </Heading>
    </Card>
  );
}

function Unknown({ call, pop }: { readonly call: CallDoc; readonly pop: PopDoc }) {
  const { t } = useTranslation();
  const hidden = pop.match.confidence === "anonymous" || call.number.kind === "anonymous";
  return (
    <>
      <Card testId="unknown-caller">
        <Heading
          icon={hidden ? IconEyeOff : IconUserQuestion}
          title={t(hidden ? "pop.anonymousTitle" : "pop.unknownTitle")}
          hint={t(hidden ? "pop.anonymousHint" : "pop.unknownHint")}
        >
          {hidden ? null : <p className={css.headingNumber}>{numberText(call.number, t)}</p>}
        </Heading>
        <div className={css.finder}>
          <CustomerFinder callId={call.id} />
        </div>
      </Card>
      {pop.calls.length === 0 ? null : (
        <Timeline
          record={null}
          calls={pop.calls}
          currentCall={call.id}
          missing={pop.missing.includes("calls")}
          title={t("customer.lastCalls")}
        />
      )}
    </>
  );
}

function Looking() {
  const { t } = useTranslation();
  return (
    <Card testId="looking">
      <h1 className={css.looking}>{t("match.looking")}</h1>
      <Skeleton height={22} width="45%" mb={10} />
      <Skeleton height={14} width="65%" />
    </Card>
  );
}

function PopFor({ call }: { readonly call: CallDoc }) {
  const pop = usePop(call.id);
  if (pop === undefined) return <Looking />;
  if (pop.customer !== null) return <Known call={call} pop={pop} />;
  switch (pop.match.confidence) {
    case "unavailable":
      return <Unavailable pop={pop} />;
    case "ambiguous":
      return <Chooser call={call} pop={pop} />;
    case "none":
    case "anonymous":
      return <Unknown call={call} pop={pop} />;
    default:
      // Known who, but the record did not come: say so instead of an empty page.
      return <Unavailable pop={pop} />;
  }
}

const IDLE = {
  offline: ["idle.offline", "idle.offlineHint", IconPower],
  paused: ["idle.paused", "idle.pausedHint", IconPlayerPause],
  ready: ["idle.ready", "idle.readyHint", IconCircleCheck],
  watching: ["idle.watching", "idle.watchingHint", IconHeadset],
} as const;

function Idle() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const live = useLink().phase === "live";
  const change = useSetState();
  const reasonName = useReasonName();
  if (me === undefined && !live) return <Looking />;
  const kind =
    me === undefined ? "watching" : me.state === "offline" || me.state === "paused" ? me.state : "ready";
  const [title, hint, icon] = IDLE[kind];
  const reason = me?.state === "paused" ? reasonName(me.reason) : null;
  return (
    <div className={css.idle} data-testid="idle" data-kind={kind}>
      <Heading icon={icon} title={reason === null ? t(title) : `${t(title)}: ${reason}`} hint={t(hint)}>
        {kind === "offline" || kind === "paused" ? (
          <Button
            mt={14}
            disabled={!live}
            leftSection={<IconPhoneCall size={17} />}
            rightSection={<KeyHint>A</KeyHint>}
            onClick={() => change.mutate({ state: "available" })}
            data-testid="go-available"
          >
            {t("idle.goAvailable")}
          </Button>
        ) : null}
        <Trouble>{change.isError ? troubleText(change.error, t, i18n.language) : null}</Trouble>
      </Heading>
    </div>
  );
}

export function Middle({ call }: { readonly call: CallDoc | null }) {
  const key = call?.id ?? "idle";
  return (
    <Boundary resetKey={key} fallback={<PartFailed />}>
      {call === null ? <Idle /> : <PopFor key={key} call={call} />}
    </Boundary>
  );
}
