/** The agent's own state: what it is, for how long by the server's clock, and how to change it. */

import { Menu } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconHeadset,
  IconPhoneCalling,
  IconPhoneIncoming,
  IconPlayerPause,
  IconPower,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type ComponentPropsWithRef, useState } from "react";
import type { AgentState as State } from "../api/contract";
import { server } from "../api/server";
import { useSession } from "../entry/session";
import { useTranslation } from "../i18n";
import { useLink, useMe } from "../live/hooks";
import { Card, Elapsed, Empty, type IconType, KeyHint, type Tone, Trouble } from "../parts/parts";
import parts from "../parts/parts.module.css";
import { useShortcut } from "../shell/shortcuts";
import { troubleText } from "../shell/trouble";
import css from "./desk.module.css";

const LOOK: Readonly<Record<State, readonly [Tone, IconType]>> = {
  available: ["good", IconCircleCheck],
  paused: ["warn", IconPlayerPause],
  offline: ["calm", IconPower],
  reserved: ["accent", IconPhoneIncoming],
  ringing: ["accent", IconPhoneCalling],
  talking: ["accent", IconHeadset],
};

export function useSetState() {
  return useMutation({
    mutationFn: ({ state, reason }: { state: "available" | "paused" | "offline"; reason?: string }) =>
      server.setState(state, reason),
  });
}

/** A pause reason's own name in the reader's language. */
export function useReasonName(): (id: string | null) => string | null {
  const { i18n } = useTranslation();
  const { pause_reasons } = useSession();
  return (id) => {
    const names = pause_reasons.find((reason) => reason.id === id)?.names;
    return names === undefined ? id : i18n.language === "zh-CN" ? names.zh : names.en;
  };
}

interface StateButtonProps extends ComponentPropsWithRef<"button"> {
  readonly active: boolean;
  readonly hotkey: string;
  readonly testId: string;
  readonly tone: Tone;
}

/** Takes a button's own attributes too: the pause menu opens from it. */
function StateButton({ active, hotkey, tone, testId, className, children, ...rest }: StateButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      className={`${css.stateButton} ${className ?? ""}`}
      aria-pressed={active}
      aria-keyshortcuts={hotkey}
      data-tone={tone}
      data-testid={testId}
    >
      <span className={css.stateWord}>{children}</span>
      <KeyHint>{hotkey}</KeyHint>
    </button>
  );
}

export function AgentState() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const live = useLink().phase === "live";
  const { pause_reasons } = useSession();
  const reasonName = useReasonName();
  const change = useSetState();
  const [menu, setMenu] = useState(false);
  const can = live && me !== undefined;

  useShortcut("a", () => change.mutate({ state: "available" }), can);
  useShortcut("o", () => change.mutate({ state: "offline" }), can);
  useShortcut("p", () => setMenu(true), can);

  if (me === undefined) return null;
  const [tone, Icon] = LOOK[me.state];
  const reason = me.state === "paused" ? reasonName(me.reason) : null;
  return (
    <Card testId="agent-state">
      <div className={css.stateNow}>
        <span className={`${css.stateIcon} ${parts[tone]}`}>
          <Icon size={18} stroke={2} />
        </span>
        <span className={css.stateText} data-testid="agent-state-now" data-state={me.state}>
          <strong>{t(`state.${me.state}`)}</strong>
          {reason === null ? null : <span className={parts.dim}>{reason}</span>}
        </span>
        <span className={css.stateTime} data-testid="agent-state-time">
          <Elapsed since={me.since} />
        </span>
      </div>
      <fieldset className={css.stateButtons} aria-label={t("state.label")}>
        <StateButton
          active={me.state === "available"}
          disabled={!can}
          hotkey="A"
          tone="good"
          testId="state-available"
          onClick={() => change.mutate({ state: "available" })}
        >
          {t("state.setAvailable")}
        </StateButton>
        <Menu
          opened={menu && can}
          onChange={setMenu}
          position="bottom-start"
          width={220}
          loop
          withInitialFocusPlaceholder={false}
        >
          <Menu.Target>
            <StateButton
              active={me.state === "paused"}
              disabled={!can}
              hotkey="P"
              tone="warn"
              testId="state-paused"
            >
              {t("state.setPaused")}
            </StateButton>
          </Menu.Target>
          <Menu.Dropdown data-testid="pause-menu">
            <Menu.Label>{t("state.reasons")}</Menu.Label>
            {pause_reasons.map(({ id }) => (
              <Menu.Item
                key={id}
                data-testid={`pause-${id}`}
                onClick={() => change.mutate({ state: "paused", reason: id })}
              >
                {reasonName(id)}
              </Menu.Item>
            ))}
            {pause_reasons.length > 0 ? null : (
              <Menu.Item onClick={() => change.mutate({ state: "paused" })}>{t("state.noReason")}</Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
        <StateButton
          active={me.state === "offline"}
          disabled={!can}
          hotkey="O"
          tone="calm"
          testId="state-offline"
          onClick={() => change.mutate({ state: "offline" })}
        >
          {t("state.setOffline")}
        </StateButton>
      </fieldset>
      <Trouble testId="state-trouble">
        {change.isError ? troubleText(change.error, t, i18n.language) : null}
      </Trouble>
      {me.extension === null ? <Empty>{t("state.noAgent")}</Empty> : null}
      {me.phone === "unreachable" && me.extension !== null ? (
        <p className={parts.missing} role="note" data-testid="phone-unreachable">
          <IconAlertTriangle size={16} />
          <span>{t("state.unreachable", { extension: me.extension })}</span>
        </p>
      ) : null}
    </Card>
  );
}
