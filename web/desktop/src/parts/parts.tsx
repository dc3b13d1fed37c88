/** The small parts that every page is made of. */

import { IconAlertTriangle } from "@tabler/icons-react";
import { Component, type ComponentType, type ReactNode, useId } from "react";
import { stopwatch } from "../format/format";
import { useTranslation } from "../i18n";
import { useServerSeconds } from "../live/hooks";
import { useSingleKeys } from "../shell/shortcuts";
import css from "./parts.module.css";

export type Tone = "calm" | "accent" | "good" | "warn" | "bad";
export type IconType = ComponentType<{ size?: number | string; stroke?: number | string }>;

interface CardProps {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly testId?: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export function Card({ title, aside, testId, className, children }: CardProps) {
  const id = useId();
  return (
    <section
      className={className === undefined ? css.card : `${css.card} ${className}`}
      aria-labelledby={title === undefined ? undefined : id}
      data-testid={testId}
    >
      {title === undefined ? null : (
        <header className={css.cardHead}>
          <h2 id={id} className={css.cardTitle}>
            {title}
          </h2>
          {aside}
        </header>
      )}
      <div className={css.cardBody}>{children}</div>
    </section>
  );
}

interface ChipProps {
  readonly tone: Tone;
  readonly icon: IconType;
  readonly testId?: string | undefined;
  readonly title?: string | undefined;
  readonly children: ReactNode;
}

/** A state: colour, icon and word together. */
export function Chip({ tone, icon: Icon, testId, title, children }: ChipProps) {
  return (
    <span className={`${css.chip} ${css[tone]}`} data-testid={testId} title={title}>
      <Icon size={14} stroke={2.2} />
      <span>{children}</span>
    </span>
  );
}

/** The key that does it, where single keys are on. Read out by `aria-keyshortcuts` of the control instead. */
export function KeyHint({ children }: { readonly children: string }) {
  const on = useSingleKeys();
  return on ? (
    <span className={css.key} data-key="" aria-hidden="true">
      {children}
    </span>
  ) : null;
}

/** Time since a server moment, ticking with the server's clock; still while the desk is stale. */
export function Elapsed({ since }: { readonly since: number }) {
  return <>{stopwatch(useServerSeconds() - since)}</>;
}

/** What did not come is said, so that an empty list is never mistaken for "none". */
export function Missing() {
  const { t } = useTranslation();
  return (
    <p className={css.missing} role="note">
      <IconAlertTriangle size={16} />
      <span>
        {t("customer.missing")} {t("customer.missingHint")}
      </span>
    </p>
  );
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className={css.empty}>{children}</p>;
}

export function Trouble({
  children,
  testId,
}: {
  readonly children: string | null;
  readonly testId?: string;
}) {
  return children === null ? null : (
    <p className={css.trouble} role="alert" data-testid={testId}>
      {children}
    </p>
  );
}

interface BoundaryProps {
  readonly fallback: ReactNode;
  /** A new value tries again: the next call must not suffer from the last. */
  readonly resetKey: string;
  readonly children: ReactNode;
}

/** A part that cannot be drawn takes no other part with it. */
export class Boundary extends Component<BoundaryProps, { failed: boolean; resetKey: string }> {
  override state = { failed: false, resetKey: this.props.resetKey };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  static getDerivedStateFromProps(props: BoundaryProps, state: { failed: boolean; resetKey: string }) {
    return props.resetKey === state.resetKey ? null : { failed: false, resetKey: props.resetKey };
  }

  override render() {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}

export function PartFailed() {
  const { t } = useTranslation();
  return (
    <Card>
      <p className={css.missing} role="alert">
        <IconAlertTriangle size={16} />
        <span>
          {t("error.part")}{" "}
          <button type="button" className={css.plain} onClick={() => window.location.reload()}>
            {t("error.reload")}
          </button>
        </span>
      </p>
    </Card>
  );
}
