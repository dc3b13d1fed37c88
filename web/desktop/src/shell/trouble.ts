/** An error in the reader's words: what happened and what to do. */

import type { TFunction } from "i18next";
import { Problem } from "../api/http";

const BY_KIND = {
  "not-now": "error.notNow",
  "not-allowed": "error.notAllowed",
  "not-found": "error.notFound",
  "not-an-agent": "error.notAnAgent",
  "already-set-up": "error.alreadySetUp",
  "setup-key": "setup.key",
  "wrong-password": "signIn.wrong",
  "too-many-tries": "error.tooManyTries",
  unavailable: "error.unavailable",
  busy: "error.unavailable",
  "invalid-input": "error.invalid",
  invalid: "error.invalid",
  fault: "error.fault",
} as const;

function isKnown(kind: string): kind is keyof typeof BY_KIND {
  return Object.hasOwn(BY_KIND, kind);
}

/** The server's `detail` says why in English; other languages get their own sentence first. */
export function troubleText(error: unknown, t: TFunction, language: string): string {
  if (!(error instanceof Problem)) return t("error.unreachable");
  const own = isKnown(error.kind) ? t(BY_KIND[error.kind]) : t("error.fault");
  const why = error.kind === "not-now" || !isKnown(error.kind) ? error.detail : "";
  if (why === "") return own;
  return language === "en" ? why : `${own}（${why}）`;
}
