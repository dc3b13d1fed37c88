/** The desk an agent works at: my state and calls, the customer, the note. */

import { useState } from "react";
import { useTranslation } from "../i18n";
import { useCalls } from "../live/hooks";
import { Boundary, PartFailed } from "../parts/parts";
import { AgentState } from "./AgentState";
import { CallCard } from "./CallCard";
import css from "./desk.module.css";
import { Queues, Recent } from "./LeftColumn";
import { Middle } from "./Middle";
import { Notes } from "./NoteCard";
import { pickCall } from "./pick";
import { Demo, QuickCreate } from "./RightColumn";

export function DeskPage() {
  const { t } = useTranslation();
  const calls = useCalls();
  const [picked, setPicked] = useState<string | null>(null);
  const shown = pickCall(calls, picked);
  const key = shown?.id ?? "idle";
  return (
    <div className={css.desk} data-testid="desk">
      <div className={css.column}>
        <Boundary resetKey={key} fallback={<PartFailed />}>
          <AgentState />
          {calls.length === 0 ? null : (
            <section className={css.calls} aria-label={t("call.calls")}>
              {calls.map((call) => (
                <CallCard
                  key={call.id}
                  call={call}
                  shown={call.id === shown?.id}
                  choosable={calls.length > 1}
                  onShow={setPicked}
                />
              ))}
            </section>
          )}
          <Queues />
          <Recent />
        </Boundary>
      </div>
      <div className={`${css.column} ${css.middle}`}>
        <Middle call={shown} />
      </div>
      <div className={css.column}>
        <Boundary resetKey={key} fallback={<PartFailed />}>
          {shown === null ? null : <QuickCreate key={shown.id} call={shown} />}
          <Notes calls={calls} shown={shown} />
          <Demo />
        </Boundary>
      </div>
    </div>
  );
}
