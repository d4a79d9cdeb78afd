/** Prints errors as problem+json (RFC 9457), and assigns their HTTP statuses. */

import type { ProblemCode, ProblemJson } from "../contract/problem.ts";
import { PurserError } from "../domain/error.ts";

const problemMediaType = "application/problem+json";

interface Meaning {
  readonly status: ProblemStatus;
  readonly title: string;
}

export type ProblemStatus =
  | 400
  | 401
  | 402
  | 403
  | 404
  | 405
  | 409
  | 413
  | 415
  | 426
  | 429
  | 500
  | 502
  | 503
  | 504;

/** The title and HTTP status of each code. */
export const problems: Readonly<Record<ProblemCode, Meaning>> = {
  invalid_request: { status: 400, title: "A field is missing, of the wrong type or out of range" },
  invalid_configuration: { status: 500, title: "The configuration is invalid" },
  unauthenticated: { status: 401, title: "No key, or the key is unknown, revoked or expired" },
  forbidden: { status: 403, title: "The key may not do this" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "The path does not support this method" },
  conflict: { status: 409, title: "The request conflicts with another, or with what is stored" },
  too_large: { status: 413, title: "The body is too large" },
  unsupported_encoding: {
    status: 415,
    title: "The content encoding of the body is not supported",
  },
  websocket_unsupported: {
    status: 426,
    title: "WebSockets are not supported; the path is served over HTTP",
  },
  too_many: { status: 429, title: "Too many calls at once" },
  unpriced: { status: 402, title: "The model has no price, and a budget blocks such calls" },
  unmetered: { status: 403, title: "The cost of this endpoint cannot be known" },
  budget_exhausted: { status: 402, title: "A budget has too little left" },
  budget_held: {
    status: 402,
    title: "A budget has too little left until calls in flight end",
  },
  closing_used: { status: 402, title: "The run has had its closing call" },
  approval_declined: { status: 402, title: "A budget has too little left, and gets no more" },
  budget_closed: { status: 402, title: "The window of a budget has not begun or is over" },
  budget_paused: { status: 402, title: "A budget is paused" },
  upstream_unreachable: { status: 502, title: "The provider did not answer" },
  upstream_timeout: { status: 504, title: "The provider did not answer in time" },
  store_unavailable: { status: 503, title: "The ledger cannot be written" },
  shutting_down: { status: 503, title: "The process is shutting down" },
  bug: { status: 500, title: "A bug in Purser" },
};

export interface ProblemFacts {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly field?: string | undefined;
  readonly remedy?: string | undefined;
  readonly purser?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Also set `error.message`, the only text that the providers' SDKs show. */
  readonly forSdk?: boolean;
}

export function problemResponse(facts: ProblemFacts): Response {
  const { status, title } = problems[facts.code];
  const body: ProblemJson = {
    type: `/docs#${facts.code}`,
    title,
    status,
    code: facts.code,
    detail: facts.detail,
    field: facts.field ?? null,
    remedy: facts.remedy ?? null,
    ...(facts.purser && { purser: facts.purser }),
    ...(facts.forSdk && {
      error: {
        message: [facts.detail, facts.remedy].filter(Boolean).join(". "),
        type: facts.code,
        code: facts.code,
      },
    }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": problemMediaType, ...facts.headers },
  });
}

/** Describes an error to a caller. The message of a bug is not shown: it may contain secrets. */
export function describeError(error: unknown): ProblemFacts {
  if (!(error instanceof PurserError) || error.code === "bug") {
    return {
      code: "bug",
      detail: "The request failed because of a bug in Purser.",
      remedy: "Check Purser's log, and report the error there.",
    };
  }
  const { code, message, detail } = error;
  const facts = { code, detail: message, field: detail.field, remedy: detail.remedy };
  if (code === "unauthenticated")
    return { ...facts, headers: { "www-authenticate": 'Bearer realm="purser"' } };
  return error.retryable ? { ...facts, headers: { "retry-after": "1" } } : facts;
}
