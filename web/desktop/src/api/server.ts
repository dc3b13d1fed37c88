/** The calls of docs/realtime.md, by name. */

import type {
  CallDetail,
  CallRow,
  ChangeEntry,
  CustomerCard,
  CustomerPage,
  Note,
  Page,
  Session,
  Setup,
  User,
} from "./contract";
import { Http } from "./http";

export const http = new Http();

export interface NewCustomer {
  readonly name: string;
  readonly company?: string;
  readonly language?: string;
  readonly numbers: readonly string[];
  readonly call_id?: string;
}

export type DemoKind = "known" | "unknown" | "ambiguous" | "anonymous";

const id = encodeURIComponent;

export const server = {
  setup: () => http.get<Setup>("/setup"),
  setUp: (login: string, password: string, name: string) =>
    http.command<void>("POST", "/setup", { login, password, name }),

  signIn: (login: string, password: string) =>
    http.command<{ user: User; csrf: string }>("POST", "/session", { login, password }),
  session: () => http.get<Session>("/session"),
  signOut: () => http.command<void>("DELETE", "/session"),

  setLanguage: (language: string) => http.command<void>("PUT", "/me/preferences", { language }),
  setState: (state: "available" | "paused" | "offline", reason?: string) =>
    http.command<void>("PUT", "/me/state", reason === undefined ? { state } : { state, reason }),

  customers: (q: string, limit: number, signal?: AbortSignal) =>
    http.get<{ items: CustomerCard[] }>(`/customers?q=${id(q)}&limit=${limit}`, signal),
  customer: (customer: number, signal?: AbortSignal) =>
    http.get<CustomerPage>(`/customers/${customer}`, signal),
  changes: (customer: number, cursor: string | null, signal?: AbortSignal) =>
    http.get<Page<ChangeEntry>>(
      `/customers/${customer}/changes?limit=20${cursor === null ? "" : `&cursor=${id(cursor)}`}`,
      signal,
    ),
  createCustomer: (customer: NewCustomer) => http.command<CustomerCard>("POST", "/customers", customer),
  addNote: (customer: number, text: string, call?: string) =>
    http.command<Note>(
      "POST",
      `/customers/${customer}/notes`,
      call === undefined ? { text } : { text, call_id: call },
    ),

  chooseCustomer: (call: string, customer: number) =>
    http.command<void>("PUT", `/calls/${id(call)}/customer`, { customer_id: customer }),
  putAway: (call: string) => http.command<void>("DELETE", `/calls/${id(call)}/desk`),
  calls: (limit: number, signal?: AbortSignal) =>
    http.get<{ items: CallRow[] }>(`/calls?limit=${limit}`, signal),
  call: (call: string, signal?: AbortSignal) => http.get<CallDetail>(`/calls/${id(call)}`, signal),

  simulate: (kind?: DemoKind) =>
    http.command<void>("POST", "/demo/calls", kind === undefined ? {} : { kind }),
};
