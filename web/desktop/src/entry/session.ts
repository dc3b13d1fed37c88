/** Who sits here, known to every part of the desk. */

import { createContext, useContext } from "react";
import type { Session } from "../api/contract";

export interface SessionValue extends Session {
  readonly signOut: () => Promise<void>;
}

export const SessionContext = createContext<SessionValue | null>(null);

export function useSession(): SessionValue {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession outside SessionContext: only signed-in parts may ask");
  return session;
}
