/** Addresses inside the desktop, written in one place. */

/** A call's id has dots, which servers take for file endings: it goes into the query. */
export function callPath(callId: string): string {
  return `/calls?call=${encodeURIComponent(callId)}`;
}

export function customerPath(customerId: number): string {
  return `/customers/${customerId}`;
}
