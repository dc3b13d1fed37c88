/** The words of docs/realtime.md as types: what the server sends, by REST and on the socket.
 *  Times are UTC seconds since the epoch; money is a decimal string with its currency. */

export interface Money {
  readonly amount: string;
  readonly currency: string;
}

export type Role = "agent" | "supervisor" | "admin";

export interface User {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly language: string;
  readonly agent_id: number | string | null;
  readonly extension: string | null;
}

export interface PauseReason {
  readonly id: string;
  readonly names: { readonly en: string; readonly zh: string };
}

export interface SampleSignIn {
  readonly login: string;
  readonly password: string;
  readonly name: string;
  readonly role: Role;
}

export interface Setup {
  readonly needed: boolean;
  readonly demo: boolean;
  readonly sign_ins?: readonly SampleSignIn[];
}

export interface Session {
  readonly user: User;
  readonly csrf: string;
  readonly demo: boolean;
  readonly pause_reasons: readonly PauseReason[];
  /** All there are; the desk's own, with who waits, are the document `queues`. */
  readonly queues: readonly { readonly id: string; readonly name: string }[];
}

export interface CustomerCard {
  readonly id: number;
  readonly number: string;
  readonly name: string;
  readonly company: string | null;
  readonly segment: string | null;
  readonly language: string;
  readonly city: string | null;
}

export interface PhoneNumber {
  readonly raw: string;
  readonly e164: string | null;
  readonly display: string;
  readonly kind: "number" | "extension" | "anonymous" | "malformed";
}

export interface CustomerNumber extends PhoneNumber {
  readonly label: string | null;
}

export interface Contact {
  readonly id: number;
  readonly name: string;
  readonly role: string | null;
  readonly numbers: readonly CustomerNumber[];
}

export type OrderStatus =
  "draft" | "placed" | "paid" | "shipped" | "delivered" | "late" | "cancelled" | "returned";

export interface OrderLine {
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unit_price: Money | string;
  readonly total: Money | string;
}

export interface Order {
  readonly id: number;
  readonly number: string;
  readonly status: OrderStatus;
  readonly placed_at: number;
  readonly due_at: number | null;
  readonly total: Money;
  readonly lines: readonly OrderLine[];
}

export type TicketStatus = "open" | "pending" | "solved" | "closed";
export type TicketPriority = "low" | "normal" | "high" | "urgent";

export interface Ticket {
  readonly id: number;
  readonly number: string;
  readonly subject: string;
  readonly status: TicketStatus;
  readonly priority: TicketPriority;
  readonly created_at: number;
  readonly due_at: number | null;
}

export interface Note {
  readonly id: number;
  readonly text: string;
  readonly at: number;
  readonly by: string;
  readonly call_id: string | null;
}

/** One change of a record: `before` and `after` hold the fields that differ. */
export interface ChangeEntry {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly entity: string;
  readonly entity_id: number;
  readonly action: "created" | "changed" | "deleted";
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

/** Some of a long list; `next` is the cursor of the page after this one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface CustomerRecord extends CustomerCard {
  readonly since: number | string | null;
  readonly owner: string | null;
  readonly value_12m: Money | null;
  readonly numbers: readonly CustomerNumber[];
  readonly email: string | null;
  readonly contacts: readonly Contact[];
  readonly orders: readonly Order[];
  readonly tickets: readonly Ticket[];
  readonly notes: readonly Note[];
}

/** A customer's page: the record with the last calls; `missing` names what could not be loaded. */
export interface CustomerPage extends CustomerRecord {
  readonly calls: readonly CallRow[];
  readonly missing: readonly string[];
}

export type Direction = "inbound" | "outbound" | "internal";

/** How a call ended, seen from the desk it was on. */
export type How = "completed" | "missed" | "elsewhere" | "abandoned" | "declined" | "transferred" | "unknown";

export interface CallRow {
  readonly id: string;
  readonly direction: Direction;
  readonly state: string;
  readonly number: PhoneNumber | string;
  readonly caller_name: string | null;
  readonly customer: CustomerCard | null;
  readonly queue: string | null;
  readonly agent: string | null;
  readonly arrived_at: number;
  readonly answered_at: number | null;
  readonly ended_at: number | null;
  readonly wait_seconds: number | null;
  readonly talk_seconds: number | null;
  readonly hold_seconds: number | null;
  readonly outcome: string | null;
  readonly gap: boolean;
}

export interface TimelineEntry {
  readonly at: number;
  readonly kind: string;
  readonly text_key: string;
  readonly params?: Readonly<Record<string, string | number | boolean | null>>;
}

/** One party's part in a call; `talk` and `hold` are closed intervals [from, until]. */
export interface CallLeg {
  readonly leg: string;
  readonly endpoint: string;
  readonly role: "outside" | "device" | "service";
  readonly number: string;
  readonly agent: string | null;
  readonly added_at: number;
  readonly ended_at: number | null;
  readonly end_reason: string | null;
  readonly talk: readonly (readonly [number, number])[];
  readonly hold: readonly (readonly [number, number])[];
}

export interface CallDetail extends CallRow {
  readonly timeline: readonly TimelineEntry[];
  readonly legs: readonly CallLeg[];
}

export type CallState = "ringing" | "talking" | "held" | "ended";

export interface CallDoc {
  readonly id: string;
  readonly direction: Direction;
  readonly state: CallState;
  readonly number: PhoneNumber;
  readonly caller_name: string | null;
  readonly dialled: string | null;
  readonly queue: string | null;
  readonly arrived_at: number;
  readonly ringing_at: number | null;
  readonly answered_at: number | null;
  readonly ended_at: number | null;
  readonly how: "completed" | "transferred" | "unknown" | null;
  readonly with: readonly { readonly name: string; readonly kind: "agent" | "outside" }[];
  readonly gap: boolean;
}

export type Confidence = "exact" | "likely" | "ambiguous" | "none" | "anonymous" | "unavailable" | "chosen";

export interface PopDoc {
  readonly call_id: string;
  readonly match: { readonly confidence: Confidence; readonly candidates: readonly CustomerCard[] };
  readonly customer: CustomerRecord | null;
  readonly calls: readonly CallRow[];
  readonly missing: readonly string[];
}

export type AgentState = "offline" | "available" | "reserved" | "ringing" | "talking" | "paused";

export interface MeDoc {
  readonly agent_id: number | string;
  readonly name: string;
  readonly extension: string | null;
  readonly state: AgentState;
  readonly reason: string | null;
  readonly since: number;
  readonly phone: "reachable" | "unreachable" | "unknown";
}

export interface SwitchDoc {
  readonly state: "live" | "connecting" | "reconciling" | "down" | "refused";
  readonly since: number;
  readonly detail: string | null;
}

export interface QueueDoc {
  readonly id: number | string;
  readonly name: string;
  readonly waiting: number;
  readonly longest_since: number | null;
}

export interface RecentEntry {
  readonly call_id: string;
  readonly at: number;
  readonly number: PhoneNumber | string;
  readonly name: string | null;
  readonly customer: CustomerCard | null;
  readonly how: How;
  readonly by: string | null;
  readonly talk_seconds: number | null;
}
