/** Ctrl K: every action and every customer, by keyboard alone. */

import { useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import {
  IconArrowRight,
  IconCircleCheck,
  IconKeyboard,
  IconLanguage,
  IconLogout,
  IconPhoneRinging,
  IconPlayerPause,
  IconPower,
  IconSearch,
  IconUser,
} from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { server } from "../api/server";
import { useReasonName, useSetState } from "../desk/AgentState";
import { TYPING_MS } from "../desk/CustomerFinder";
import { useSimulate } from "../desk/RightColumn";
import { useSession } from "../entry/session";
import { LANGUAGES, useTranslation } from "../i18n";
import { useLink, useMe } from "../live/hooks";
import { THEMES } from "./chrome";
import { customerPath } from "./paths";

const [store, spotlight] = createSpotlight();

/** Customers shown: what fits beside the actions without scrolling. */
const SHOWN = 7;
const ICON = { size: 18, stroke: 1.7 } as const;

/** The library selects anew only when the text changes; this does it for a list that came later. */
function selectFirst(): void {
  const list = document.getElementById(store.getState().listId);
  list?.querySelector("[data-selected]")?.removeAttribute("data-selected");
  list?.querySelector("[data-action]")?.setAttribute("data-selected", "true");
  store.updateState((state) => ({ ...state, selected: 0 }));
}

interface Action {
  readonly id: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly onClick: () => void;
}

function usePages(): Action[] {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const pages = [
    ["/", t("nav.desk")],
    ["/customers", t("nav.customers")],
    ["/calls", t("nav.calls")],
  ] as const;
  return pages.map(([path, page]) => ({
    id: `go${path}`,
    label: t("palette.goto", { page }),
    icon: <IconArrowRight {...ICON} />,
    onClick: () => go(path),
  }));
}

function useStates(): Action[] {
  const { t } = useTranslation();
  const { pause_reasons } = useSession();
  const reasonName = useReasonName();
  const change = useSetState();
  const live = useLink().phase === "live";
  const me = useMe();
  if (!live || me === undefined) return [];
  return [
    {
      id: "available",
      label: t("palette.available"),
      icon: <IconCircleCheck {...ICON} />,
      onClick: () => change.mutate({ state: "available" }),
    },
    ...pause_reasons.map(({ id }) => ({
      id: `pause-${id}`,
      label: t("palette.pause", { reason: reasonName(id) ?? id }),
      icon: <IconPlayerPause {...ICON} />,
      onClick: () => change.mutate({ state: "paused" as const, reason: id }),
    })),
    {
      id: "offline",
      label: t("palette.offline"),
      icon: <IconPower {...ICON} />,
      onClick: () => change.mutate({ state: "offline" }),
    },
  ];
}

function useOthers(onKeys: () => void): Action[] {
  const { t, i18n } = useTranslation();
  const { demo, signOut } = useSession();
  const { setColorScheme } = useMantineColorScheme();
  const simulate = useSimulate();
  const language = (id: string) => {
    void i18n.changeLanguage(id);
    void server.setLanguage(id).catch(() => {});
  };
  return [
    ...(demo
      ? [
          {
            id: "simulate",
            label: t("demo.simulate"),
            icon: <IconPhoneRinging {...ICON} />,
            onClick: () => simulate.mutate(undefined),
          },
        ]
      : []),
    ...THEMES.map(({ id, label, icon: Icon }) => ({
      id: `theme-${id}`,
      label: t("palette.theme", { theme: t(label) }),
      icon: <Icon {...ICON} />,
      onClick: () => setColorScheme(id),
    })),
    ...LANGUAGES.map(({ id, name }) => ({
      id: `language-${id}`,
      label: t("palette.language", { language: name }),
      icon: <IconLanguage {...ICON} />,
      onClick: () => language(id),
    })),
    { id: "keys", label: t("bar.shortcuts"), icon: <IconKeyboard {...ICON} />, onClick: onKeys },
    {
      id: "sign-out",
      label: t("bar.signOut"),
      icon: <IconLogout {...ICON} />,
      onClick: () => void signOut(),
    },
  ];
}

interface PaletteProps {
  readonly onClose: () => void;
  readonly onKeys: () => void;
}

export default function Palette({ onClose, onKeys }: PaletteProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), TYPING_MS);
  const actions = [...usePages(), ...useStates(), ...useOthers(onKeys)];
  const hits = useQuery({
    queryKey: ["customers", settled, SHOWN],
    queryFn: ({ signal }) => server.customers(settled, SHOWN, signal),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
  });
  useEffect(() => spotlight.open(), []);
  // The answer comes after the first key: what Enter does follows what stands on top.
  // A new list is the reason to select anew
  useEffect(selectFirst, [hits.data, query]);
  const words = query.trim().toLowerCase();
  const matching = actions.filter((action) => action.label.toLowerCase().includes(words));
  const customers = settled === "" || words === "" ? [] : (hits.data?.items ?? []);
  const nothing =
    words !== "" &&
    matching.length + customers.length === 0 &&
    !hits.isFetching &&
    words === settled.toLowerCase();
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={() => {
        setQuery("");
        onClose();
      }}
      shortcut={null}
      maxHeight={440}
      scrollable
      size={620}
      transitionProps={{ duration: 80 }}
      attributes={{ content: { "aria-label": t("palette.title") } }}
    >
      <Spotlight.Search
        placeholder={t("palette.placeholder")}
        aria-label={t("palette.title")}
        leftSection={<IconSearch {...ICON} />}
        data-testid="palette-search"
      />
      <Spotlight.ActionsList data-testid="palette-list">
        {customers.length === 0 ? null : (
          <Spotlight.ActionsGroup label={t("palette.customers")}>
            {customers.map((customer) => (
              <Spotlight.Action
                key={customer.id}
                label={customer.name}
                description={[customer.number, customer.company, customer.city].filter(Boolean).join(" · ")}
                leftSection={<IconUser {...ICON} />}
                onClick={() => go(customerPath(customer.id))}
                data-testid="palette-customer"
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {matching.length === 0 ? null : (
          <Spotlight.ActionsGroup label={t("palette.actions")}>
            {matching.map(({ id, label, icon, onClick }) => (
              <Spotlight.Action
                key={id}
                label={label}
                leftSection={icon}
                onClick={onClick}
                data-testid={`palette-${id}`}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {nothing ? <Spotlight.Empty>{t("palette.nothing")}</Spotlight.Empty> : null}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
