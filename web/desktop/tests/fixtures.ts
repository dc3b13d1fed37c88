/** The mock server's made-up desk, typed by the contract. */

import * as plain from "../dev/fixtures.mjs";
import type { CallDoc, CallRow, CustomerPage, CustomerRecord, MeDoc, PopDoc } from "../src/api/contract";

export const NOW = 1_795_291_309;

type Over<T> = Partial<T>;

export const callDoc = (over: Over<CallDoc> = {}) => plain.call(NOW, over) as CallDoc;
export const popDoc = (callId: string, over: Over<PopDoc> = {}) =>
  plain.pop(NOW, callId, over) as unknown as PopDoc;
export const recordOf = (over: Over<CustomerRecord> = {}) =>
  plain.record(NOW, over) as unknown as CustomerRecord;
export const pageOf = (over: Over<CustomerPage> = {}) =>
  ({ ...recordOf(), calls: [], missing: [], ...over }) as CustomerPage;
export const rowOf = (over: Over<CallRow> = {}) => plain.row(NOW, over) as unknown as CallRow;
export const meDoc = (over: Over<MeDoc> = {}) => plain.me(NOW, over) as MeDoc;
export const deskOf = (scenario: string) => plain.desk(scenario, NOW) as Record<string, unknown>;
export const CALL_ID = "pbx:1795291309.42";
