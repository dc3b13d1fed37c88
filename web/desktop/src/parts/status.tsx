/** States of the business as chips: each has its colour, icon and word in one table. */

import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconArrowForwardUp,
  IconArrowsSplit,
  IconBan,
  IconBuilding,
  IconCheck,
  IconCircleDot,
  IconClock,
  IconCreditCard,
  IconDatabaseOff,
  IconEyeOff,
  IconFlag,
  IconFlame,
  IconHandClick,
  IconHourglass,
  IconLock,
  IconPackage,
  IconPencil,
  IconPhone,
  IconPhoneCalling,
  IconPhoneCheck,
  IconPhoneEnd,
  IconPhoneOff,
  IconPhonePause,
  IconPhoneX,
  IconQuestionMark,
  IconSparkles,
  IconStar,
  IconStarFilled,
  IconTruckDelivery,
  IconUser,
  IconUserQuestion,
  IconUsers,
  IconX,
} from "@tabler/icons-react";
import type { Confidence, How, OrderStatus, TicketPriority, TicketStatus } from "../api/contract";
import { useTranslation } from "../i18n";
import { Chip, type IconType, type Tone } from "./parts";

type Look = readonly [Tone, IconType];

const ORDER: Readonly<Record<OrderStatus, Look>> = {
  draft: ["calm", IconPencil],
  placed: ["accent", IconPackage],
  paid: ["accent", IconCreditCard],
  shipped: ["accent", IconTruckDelivery],
  delivered: ["good", IconCheck],
  late: ["bad", IconAlertTriangle],
  cancelled: ["calm", IconX],
  returned: ["warn", IconArrowBackUp],
};

const TICKET: Readonly<Record<TicketStatus, Look>> = {
  open: ["warn", IconCircleDot],
  pending: ["accent", IconHourglass],
  solved: ["good", IconCheck],
  closed: ["calm", IconLock],
};

const MATCH: Readonly<Record<Confidence, Look>> = {
  exact: ["good", IconCheck],
  likely: ["warn", IconUserQuestion],
  ambiguous: ["warn", IconUsers],
  none: ["calm", IconQuestionMark],
  anonymous: ["calm", IconEyeOff],
  unavailable: ["bad", IconDatabaseOff],
  chosen: ["good", IconHandClick],
};

export const HOW: Readonly<Record<How, Look>> = {
  completed: ["good", IconPhoneCheck],
  missed: ["bad", IconPhoneX],
  elsewhere: ["calm", IconArrowForwardUp],
  abandoned: ["warn", IconPhoneEnd],
  declined: ["warn", IconBan],
  transferred: ["accent", IconArrowsSplit],
  unknown: ["calm", IconQuestionMark],
};

const OUTCOME = {
  open: ["accent", IconPhone],
  arriving: ["accent", IconPhoneCalling],
  waiting: ["warn", IconClock],
  ringing: ["accent", IconPhoneCalling],
  talking: ["accent", IconPhone],
  held: ["warn", IconPhonePause],
  ended: ["calm", IconPhoneOff],
  answered: ["good", IconPhoneCheck],
  completed: ["good", IconPhoneCheck],
  abandoned: ["bad", IconPhoneEnd],
  left: ["calm", IconPhoneOff],
  missed: ["bad", IconPhoneX],
  busy: ["warn", IconPhoneX],
  no_answer: ["warn", IconPhoneX],
  failed: ["bad", IconAlertTriangle],
  declined: ["warn", IconBan],
  elsewhere: ["calm", IconArrowForwardUp],
  transferred: ["accent", IconArrowsSplit],
  merged: ["calm", IconArrowsSplit],
  unknown: ["calm", IconQuestionMark],
} as const satisfies Readonly<Record<string, Look>>;

export function OrderChip({ status }: { readonly status: OrderStatus }) {
  const { t } = useTranslation();
  const [tone, icon] = ORDER[status] ?? (["calm", IconQuestionMark] as const);
  return (
    <Chip tone={tone} icon={icon}>
      {t(`order.${status}`)}
    </Chip>
  );
}

export function TicketChip({ status }: { readonly status: TicketStatus }) {
  const { t } = useTranslation();
  const [tone, icon] = TICKET[status] ?? (["calm", IconQuestionMark] as const);
  return (
    <Chip tone={tone} icon={icon}>
      {t(`ticket.${status}`)}
    </Chip>
  );
}

/** Only what stands out: high and urgent. */
export function PriorityMark({ priority }: { readonly priority: TicketPriority }) {
  const { t } = useTranslation();
  if (priority !== "high" && priority !== "urgent") return null;
  const Icon = priority === "urgent" ? IconFlame : IconFlag;
  const label = t(`priority.${priority}`);
  return (
    <span role="img" aria-label={label} title={label} style={{ color: "var(--bad)", verticalAlign: "-2px" }}>
      <Icon size={15} stroke={2} />
    </span>
  );
}

export function MatchChip({ confidence }: { readonly confidence: Confidence }) {
  const { t } = useTranslation();
  const [tone, icon] = MATCH[confidence];
  return (
    <Chip tone={tone} icon={icon} testId="match-badge">
      {t(`match.${confidence}`)}
    </Chip>
  );
}

/** Segments the demo and the defaults know, with how much they stand out; others are shown as they are called. */
const SEGMENT = {
  VIP: ["warn", IconStarFilled],
  Gold: ["warn", IconStar],
  Business: ["accent", IconBuilding],
  New: ["accent", IconSparkles],
  Standard: ["calm", IconUser],
} as const satisfies Readonly<Record<string, Look>>;

export function SegmentChip({ segment }: { readonly segment: string }) {
  const { t } = useTranslation();
  const known = Object.hasOwn(SEGMENT, segment) ? (segment as keyof typeof SEGMENT) : null;
  const [tone, icon] = known === null ? (["calm", IconUser] as const) : SEGMENT[known];
  return (
    <Chip tone={tone} icon={icon} testId="customer-segment">
      {known === null ? segment : t(`segment.${known}`)}
    </Chip>
  );
}

export function OutcomeChip({ outcome }: { readonly outcome: string }) {
  const { t } = useTranslation();
  const known = Object.hasOwn(OUTCOME, outcome) ? (outcome as keyof typeof OUTCOME) : "unknown";
  const [tone, icon] = OUTCOME[known];
  return (
    <Chip tone={tone} icon={icon}>
      {t(`outcome.${known}`)}
    </Chip>
  );
}
