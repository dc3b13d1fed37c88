/** One way to the server: JSON by fetch, with the session's CSRF token, a deadline and problem details as errors. */

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** The server answered, and said no (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    /** Stable for programs: `not-now`, `too-many-tries`; the last part of the problem's type. */
    readonly kind: string,
    readonly detail: string,
    readonly fields: readonly FieldError[] = [],
    /** Seconds to wait, where the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail || kind || `HTTP ${status}`);
  }
}

/** No answer: the network is gone, the server is down, or the deadline passed. Whether it was done is unknown. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Longer than any answer of a server that works; an agent waits no longer for a command. */
const DEADLINE_MS = 10_000;

const API = "/api/v1";
const SAFE = new Set(["GET", "HEAD"]);

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: Record<string, unknown>) => ({
    field: text(item?.field),
    message: text(item?.message),
  }));
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown> | null;
  const retry = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new Problem(
    response.status,
    text(body?.type).replace(/^.*:/, ""),
    text(body?.detail),
    fieldErrors(body?.errors),
    Number.isFinite(retry) ? retry : null,
  );
}

export class Http {
  #csrf = "";
  /** Told when the server no longer knows this session. */
  onSignedOut: () => void = () => {};

  set csrf(token: string) {
    this.#csrf = token;
  }

  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.#send<Answer>("GET", path, undefined, signal);
  }

  /** POST, PUT or DELETE. */
  async command<Answer>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<Answer> {
    try {
      return await this.#send<Answer>(method, path, body);
    } catch (error) {
      // A server that was restarted may hand out a new token; a request with the old one was not executed.
      if (!(error instanceof Problem) || error.status !== 403 || !(await this.#freshToken())) throw error;
      return this.#send<Answer>(method, path, body);
    }
  }

  async #freshToken(): Promise<boolean> {
    const before = this.#csrf;
    const session = await this.#send<{ csrf: string }>("GET", "/session").catch(() => null);
    if (session === null || session.csrf === before) return false;
    this.#csrf = session.csrf;
    return true;
  }

  async #send<Answer>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const headers = new Headers({ Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (!SAFE.has(method)) headers.set("X-CSRF-Token", this.#csrf);
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    let response: Response;
    try {
      response = await fetch(API + path, {
        method,
        headers,
        credentials: "same-origin",
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable("no answer from the server", { cause: error });
    }
    if (!response.ok) {
      if (response.status === 401 && path !== "/session") this.onSignedOut();
      throw await problemOf(response);
    }
    const payload = await response.text();
    return (payload === "" ? undefined : JSON.parse(payload)) as Answer;
  }
}
