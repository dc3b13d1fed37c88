/** Everything known to have happened with a customer, in one order, newest first. Pure. */

import type { CallRow, CustomerRecord, Note, Order, Ticket } from "../api/contract";

export type TimelineItem =
  | { readonly kind: "order"; readonly id: string; readonly at: number; readonly order: Order }
  | { readonly kind: "ticket"; readonly id: string; readonly at: number; readonly ticket: Ticket }
  | { readonly kind: "note"; readonly id: string; readonly at: number; readonly note: Note }
  | { readonly kind: "call"; readonly id: string; readonly at: number; readonly call: CallRow };

type Source = Pick<CustomerRecord, "orders" | "tickets" | "notes">;

/** `currentCall` is the call on the desk: it is on the screen already. */
export function buildTimeline(
  record: Source | null,
  calls: readonly CallRow[],
  extraNotes: readonly Note[] = [],
  currentCall: string | null = null,
): TimelineItem[] {
  const notes = new Map<number, Note>();
  for (const note of [...(record?.notes ?? []), ...extraNotes]) notes.set(note.id, note);
  const items: TimelineItem[] = [
    ...(record?.orders ?? []).map(
      (order) => ({ kind: "order", id: `o${order.id}`, at: order.placed_at, order }) as const,
    ),
    ...(record?.tickets ?? []).map(
      (ticket) => ({ kind: "ticket", id: `t${ticket.id}`, at: ticket.created_at, ticket }) as const,
    ),
    ...[...notes.values()].map((note) => ({ kind: "note", id: `n${note.id}`, at: note.at, note }) as const),
    ...calls
      .filter((call) => call.id !== currentCall)
      .map((call) => ({ kind: "call", id: `c${call.id}`, at: call.arrived_at, call }) as const),
  ];
  return items.sort((a, b) => b.at - a.at);
}

const SETTLED = new Set(["solved", "closed"]);

/** What to know before saying hello: orders that are late, tickets that are not settled. */
export function urgentCounts(record: Source): { readonly late: number; readonly open: number } {
  return {
    late: record.orders.filter((order) => order.status === "late").length,
    open: record.tickets.filter((ticket) => !SETTLED.has(ticket.status)).length,
  };
}

/** Unsettled tickets first, then the newest. */
export function ticketsByUrgency(tickets: readonly Ticket[]): Ticket[] {
  const settled = (ticket: Ticket) => (SETTLED.has(ticket.status) ? 1 : 0);
  return [...tickets].sort((a, b) => settled(a) - settled(b) || b.created_at - a.created_at);
}

/** Late orders first, then the newest. */
export function ordersByUrgency(orders: readonly Order[]): Order[] {
  const calm = (order: Order) => (order.status === "late" ? 0 : 1);
  return [...orders].sort((a, b) => calm(a) - calm(b) || b.placed_at - a.placed_at);
}
